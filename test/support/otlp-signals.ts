import type { OtlpSignal } from '#traces';
import { logsJsonOf, logsProtobufOf, logsRequestOf, type OtlpLogRecord, type OtlpLogsRequest } from '../../libs/traces/src/testing/encode-logs.js';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpRequest } from '../../libs/traces/src/testing/encode-request.js';
import type { TestStores } from './test-stores.js';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const AT = '1764000000000000001';

/** Requests of one signal, and what became of them: spans or log records that are told apart by a span id and found again by an attribute `test`. */
export interface SignalCase {
  signal: OtlpSignal;
  /** What a rejected one is called. */
  noun: string;
  /** A request with these, of which 0 stands for one that cannot be taken. */
  encode: (encoding: 'protobuf' | 'json', test: string, ids: readonly number[]) => Buffer;
  /** Why it cannot be. */
  why: string;
  /** Requests that have nothing in them. */
  empty: (encoding: 'protobuf' | 'json') => Buffer[];
  /** Ids of those that are stored, each as often as it is there. */
  stored: (stores: TestStores, test: string) => Promise<number[]>;
}

export const spanIdOf = (n: number) => n.toString(16).padStart(16, '0');

async function idsIn(stores: TestStores, table: string, test: string): Promise<number[]> {
  const rows = await stores.clickhouse.rows<{ id: string }>({ query: `SELECT hex(span_id) AS id FROM ${table} WHERE attributes['test'] = {test: String} ORDER BY id`, query_params: { test } });
  return rows.map(({ id }) => Number(`0x${id}`));
}

const spans = (test: string, ids: readonly number[]): OtlpRequest =>
  requestOf(ids.map((id) => ({ traceId: TRACE_ID, spanId: id === 0 ? '' : spanIdOf(id), name: 'chat', kind: 3, startTimeUnixNano: AT, endTimeUnixNano: AT, attributes: attributesOf({ test }) })));

const records = (test: string, ids: readonly number[]): OtlpLogsRequest =>
  logsRequestOf(ids.map((id): OtlpLogRecord => ({ traceId: TRACE_ID, spanId: spanIdOf(id), timeUnixNano: AT, eventName: id === 0 ? 'of.another.kind' : 'astrolabe.handoff', attributes: attributesOf({ test }) })));

export const SIGNALS: readonly SignalCase[] = [
  {
    signal: 'traces',
    noun: 'spans',
    encode: (encoding, test, ids) => (encoding === 'json' ? jsonOf : protobufOf)(spans(test, ids)),
    why: 'span_id must be 8 bytes that are not all zero',
    empty: (encoding) => [{}, { resourceSpans: [] }, requestOf([])].map((request) => (encoding === 'json' ? jsonOf : protobufOf)(request)),
    stored: (stores, test) => idsIn(stores, 'spans', test),
  },
  {
    signal: 'logs',
    noun: 'log records',
    encode: (encoding, test, ids) => (encoding === 'json' ? logsJsonOf : logsProtobufOf)(records(test, ids)),
    why: 'its event name "of.another.kind" is none of astrolabe.signal, astrolabe.handoff, astrolabe.conversation.end, gen_ai.evaluation.result, feature_flag.evaluation',
    empty: (encoding) => [{}, { resourceLogs: [] }, logsRequestOf([])].map((request) => (encoding === 'json' ? logsJsonOf : logsProtobufOf)(request)),
    stored: (stores, test) => idsIn(stores, 'signals', test),
  },
];
