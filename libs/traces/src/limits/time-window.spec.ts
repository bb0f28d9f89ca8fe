import { describe, expect, it } from '@jest/globals';
import { logsJsonOf, logsProtobufOf, logsRequestOf } from '../testing/encode-logs.js';
import { jsonOf, protobufOf, requestOf, type OtlpSpan } from '../testing/encode-request.js';
import { BASE_SPAN, openTranscoder, rowsFor, senderOf } from '../testing/transcode-request.js';

const DAY_MS = 24 * 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 1);
const transcoder = openTranscoder({ spanAgeMsMax: 30 * DAY_MS, spanAheadMsMax: 60_000 });

describe.each([['protobuf', protobufOf], ['json', jsonOf]] as const)('the moments between which a span may have started, in %s', (encoding, encode) => {
  const take = (startsMs: number[], settings: Parameters<typeof senderOf>[0] = {}) => {
    const spans = startsMs.map((ms, n) => ({ ...BASE_SPAN, spanId: (n + 1).toString(16).padStart(16, '0'), startTimeUnixNano: `${ms}000000`, endTimeUnixNano: `${ms}000001` }));
    const transcoded = transcoder.traces({ body: encode(requestOf(spans)), encoding, sender: senderOf(settings), ingestedAtMs: NOW_MS });
    return { kept: rowsFor(transcoded, 'spans').map((row) => Number((row['started_at'] as bigint) / 1_000_000n)), rejected: transcoded.rejected, rejection: transcoded.rejection };
  };
  const oldestMs = NOW_MS - 30 * DAY_MS;
  const latestMs = NOW_MS + 60_000;

  it('include both ends', () => {
    expect(take([oldestMs, NOW_MS, latestMs])).toEqual({ kept: [oldestMs, NOW_MS, latestMs], rejected: 0, rejection: undefined });
  });

  it('leave out what is older, and keep the rest', () => {
    expect(take([NOW_MS, oldestMs - 1, 1])).toEqual({ kept: [NOW_MS], rejected: 2, rejection: "it started before 2026-10-02T00:00:00.000Z, the oldest that is taken (INGEST_SPAN_AGE_DAYS_MAX, or the organization's span retention)" });
  });

  it('leave out what is further ahead, and name the clock', () => {
    expect(take([latestMs + 1, NOW_MS])).toEqual({ kept: [NOW_MS], rejected: 1, rejection: "it started after 2026-11-01T00:01:00.000Z, the latest that is taken (INGEST_SPAN_AHEAD_MS_MAX): check the sender's clock" });
  });

  it('begin later for an organization whose spans are kept for less long: the store would delete them at once', () => {
    const weekAgoMs = NOW_MS - 7 * DAY_MS;
    expect(take([weekAgoMs, weekAgoMs - 1], { spanRetentionDays: 7 })).toEqual({ kept: [weekAgoMs], rejected: 1, rejection: expect.stringContaining('before 2026-10-25T00:00:00.000Z') });
    expect(take([oldestMs - 1], { spanRetentionDays: 365 })).toMatchObject({ kept: [], rejected: 1 });
  });
});

describe.each([['protobuf', protobufOf], ['json', jsonOf]] as const)('the moments that are believed of what is within a span, in %s', (encoding, encode) => {
  const take = (given: Partial<OtlpSpan>) => transcoder.traces({ body: encode(requestOf([{ ...BASE_SPAN, startTimeUnixNano: `${NOW_MS}000000`, endTimeUnixNano: `${NOW_MS}000001`, ...given }])), encoding, sender: senderOf(), ingestedAtMs: NOW_MS });
  const inTheYear2060 = `${Date.UTC(2060, 0, 1)}000000`;

  it('are not those of a span that ends later than our clock can say: its conversation would never be quiet', () => {
    const latest = BigInt(NOW_MS + 60_000) * 1_000_000n;
    expect(take({ endTimeUnixNano: String(latest) })).toMatchObject({ accepted: 1, rejected: 0 });
    expect(take({ endTimeUnixNano: inTheYear2060 })).toMatchObject({ accepted: 0, rejected: 1, rejection: expect.stringContaining('it ended after 2026-11-01T00:01:00.000Z') });
  });

  it('are those of the span where an event says others', () => {
    const events = ['1', String(BigInt(NOW_MS) * 1_000_000n), inTheYear2060].map((timeUnixNano) => ({ name: 'e', timeUnixNano }));
    const [row] = rowsFor(take({ events }), 'spans');
    const startNs = BigInt(NOW_MS) * 1_000_000n;
    expect(row?.['events.at']).toEqual([startNs, startNs, startNs]);
  });
});

describe.each([['protobuf', logsProtobufOf], ['json', logsJsonOf]] as const)('the moments that are believed of a log record, in %s', (encoding, encode) => {
  const take = (times: object) => {
    const record = { traceId: BASE_SPAN.traceId, eventName: 'astrolabe.signal', attributes: [], ...times };
    const [row] = rowsFor(transcoder.logs({ body: encode(logsRequestOf([record])), encoding, sender: senderOf(), ingestedAtMs: NOW_MS }), 'signals');
    return { at: row?.['at'], id: row?.['signal_id'] };
  };
  const nanoseconds = (ms: number) => BigInt(ms) * 1_000_000n;

  it.each([['1970, milliseconds for nanoseconds', String(NOW_MS)], ['2060', `${Date.UTC(2060, 0, 1)}000000`]])('are not those of %s: when it was observed, or came, stands instead', (_name, timeUnixNano) => {
    expect(take({ timeUnixNano }).at).toBe(nanoseconds(NOW_MS));
    expect(take({ timeUnixNano, observedTimeUnixNano: String(nanoseconds(NOW_MS - 5)) }).at).toBe(nanoseconds(NOW_MS - 5));
    expect(take({ timeUnixNano, observedTimeUnixNano: timeUnixNano }).at).toBe(nanoseconds(NOW_MS));
  });

  it('do not decide which signal it is: the same record is the same one whenever it is sent again', () => {
    const times = { timeUnixNano: String(nanoseconds(NOW_MS + 90_000)) };
    const later = openTranscoder({ spanAgeMsMax: 30 * DAY_MS, spanAheadMsMax: 10 * DAY_MS });
    const record = { traceId: BASE_SPAN.traceId, eventName: 'astrolabe.signal', attributes: [], ...times };
    const [row] = rowsFor(later.logs({ body: encode(logsRequestOf([record])), encoding, sender: senderOf(), ingestedAtMs: NOW_MS }), 'signals');
    expect(row?.['at']).toBe(nanoseconds(NOW_MS + 90_000));
    expect(take(times)).toEqual({ at: nanoseconds(NOW_MS), id: row?.['signal_id'] });
  });
});
