import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys, SystemClock } from '#platform';
import { openReceivers, type OtlpReceivers } from '../support/otlp-receivers.js';
import { SENDERS } from '../support/otlp-senders.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const HEX = '0af7651916cd43dd8448eb211c80319c';
const SPAN_HEX = 'b7ad6b7169203331';
const AT = '1764000000000000001';
const json = SENDERS.find(({ name }) => name === 'HTTP JSON');

type Item = Record<string, unknown>;

/** Where a span or a log record stands in a request, what it needs at least, and how it is read back. */
const SIGNALS = [
  {
    signal: 'traces' as const,
    table: 'spans',
    at: 'started_at',
    documentOf: (item: Item, around: Item = {}) => ({ ...around, resourceSpans: [{ ...around, resource: { ...around }, scopeSpans: [{ ...around, scope: { name: 's', ...around }, spans: [item] }] }] }),
    least: { traceId: HEX, spanId: SPAN_HEX, startTimeUnixNano: AT } as Item,
    atField: 'startTimeUnixNano',
  },
  {
    signal: 'logs' as const,
    table: 'signals',
    at: 'at',
    documentOf: (item: Item, around: Item = {}) => ({ ...around, resourceLogs: [{ ...around, resource: { ...around }, scopeLogs: [{ ...around, scope: { name: 's', ...around }, logRecords: [item] }] }] }),
    least: { traceId: HEX, spanId: SPAN_HEX, timeUnixNano: AT, eventName: 'astrolabe.handoff' } as Item,
    atField: 'timeUnixNano',
  },
];

describe('rule 6: JSON', () => {
  let stores: TestStores;
  let receivers: OtlpReceivers;

  beforeAll(async () => {
    stores = await openTestStores();
    receivers = await openReceivers(stores);
  });
  afterAll(async () => {
    await receivers.close();
    await stores.close();
  });

  describe.each(SIGNALS)('$signal', ({ signal, table, at, documentOf, least, atField }) => {
    let testNumber = 0;
    /** Sends for an organization of its own. @returns the answer, and the rows that it made */
    const take = async (item: Item, around: Item = {}) => {
      const organizationId = `${signal}-${++testNumber}`;
      const key = ApiKeys.newSecret();
      await new ApiKeys(stores.postgres, new SystemClock()).ensure(organizationId, 'agents', key, ['ingest']);
      const answer = await json?.send(receivers, signal, Buffer.from(JSON.stringify(documentOf(item, around))), { key });
      await receivers.intake.drain();
      const rows = await stores.clickhouse.rows({
        query: `SELECT lower(hex(trace_id)) AS trace_id, lower(hex(span_id)) AS span_id, toString(${at}) AS time, attributes FROM ${table} WHERE organization_id = {organizationId: String}`,
        query_params: { organizationId },
      });
      return { status: answer?.status, partialSuccess: answer?.partialSuccess, message: answer?.failure?.message, rows };
    };
    const row = { trace_id: HEX, span_id: SPAN_HEX, time: '2025-11-24 16:00:00.000000001', attributes: {} };
    const taken = (...rows: unknown[]) => ({ status: 200, partialSuccess: undefined, message: undefined, rows });
    const valueOf = async (value: unknown) => (await take({ ...least, attributes: [{ key: 'k', value }] })) as { status: number; rows: { attributes: Record<string, string> }[]; message?: string };

    it('ids are hex in either case', async () => {
      expect(await take({ ...least, traceId: HEX.toUpperCase(), spanId: 'B7ad6B7169203331' })).toEqual(taken(row));
    });

    it('ids are not base64', async () => {
      const { status, rows } = await take({ ...least, traceId: Buffer.from(HEX, 'hex').toString('base64'), spanId: Buffer.from(SPAN_HEX, 'hex').toString('base64') });
      expect([status, rows]).toEqual([200, []]);
    });

    it('bytesValue is base64', async () => {
      expect((await valueOf({ bytesValue: 'AP8Q' })).rows).toEqual([{ ...row, attributes: { k: 'AP8Q' } }]);
      expect(await valueOf({ bytesValue: [0, 255, 16] })).toMatchObject({ status: 400, message: expect.stringContaining('bytesValue must be a string') });
    });

    it('64-bit integers are strings or numbers', async () => {
      const values = await Promise.all([{ intValue: '12' }, { intValue: 12 }, { intValue: '9223372036854775807' }, { intValue: -9007199254740991 }].map(valueOf));
      expect(values.map(({ rows }) => rows[0]?.attributes['k'])).toEqual(['12', '12', '9223372036854775807', '-9007199254740991']);
      // A double has no room for these nanoseconds: 2^53 of them end in 1970.
      expect(await take({ ...least, [atField]: 1_764_000_000_000_000_000 })).toEqual(taken({ ...row, time: '2025-11-24 16:00:00.000000000' }));
    });

    it('doubles that JSON has no number for are spelt out', async () => {
      const values = await Promise.all([{ doubleValue: 0.5 }, { doubleValue: 'NaN' }, { doubleValue: '-Infinity' }].map(valueOf));
      expect(values.map(({ rows }) => rows[0]?.attributes['k'])).toEqual(['0.5', 'NaN', '-Infinity']);
    });

    it('unknown fields are ignored, wherever they stand', async () => {
      const unknown = { fromTheFuture: { deep: [1, null] }, schemaUrl: 'https://x', flags: 257, traceState: 'a=b', droppedAttributesCount: 3 };
      expect(await take({ ...least, ...unknown, attributes: [{ key: 'k', value: { stringValue: 'v', ...unknown }, ...unknown }] }, unknown)).toEqual(taken({ ...row, attributes: { k: 'v' } }));
    });

    it('a field at its default may be absent, or null', async () => {
      expect(await take(least)).toEqual(taken(row));
      const nulls = Object.fromEntries(['parentSpanId', 'name', 'kind', 'endTimeUnixNano', 'attributes', 'events', 'links', 'status', 'severityNumber', 'body', 'observedTimeUnixNano'].map((name) => [name, null]));
      expect(await take({ ...least, ...nulls })).toEqual(taken(row));
    });
  });

  it('a span that omits kind is kept, as of no kind; enums are integers', async () => {
    const key = ApiKeys.newSecret();
    await new ApiKeys(stores.postgres, new SystemClock()).ensure('enums', 'agents', key, ['ingest']);
    const send = (spans: Item[]) => json?.send(receivers, 'traces', Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })), { key });
    const span = (n: number, given: Item) => ({ traceId: HEX, spanId: `000000000000000${n}`, startTimeUnixNano: AT, ...given });
    expect(await send([span(1, {}), span(2, { kind: 3, status: { code: 2 } }), span(3, { kind: 0 })])).toMatchObject({ status: 200, partialSuccess: undefined });
    await receivers.intake.drain();
    const rows = await stores.clickhouse.rows({ query: "SELECT kind, status FROM spans WHERE organization_id = 'enums' ORDER BY span_id", query_params: {} });
    expect(rows).toEqual([{ kind: 'unspecified', status: 'unset' }, { kind: 'client', status: 'error' }, { kind: 'unspecified', status: 'unset' }]);
    expect(await send([span(4, { kind: 'SPAN_KIND_CLIENT' })])).toMatchObject({ status: 400, failure: { code: 3, message: expect.stringContaining('spans[0].kind must be an integer (enums are numbers in OTLP JSON)') } });
  });
});
