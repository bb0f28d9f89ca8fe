import { describe, expect, it } from '@jest/globals';
import { jsonOf, protobufOf, requestOf } from '../testing/encode-request.js';
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
