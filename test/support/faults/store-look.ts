import { ApiKeys, SystemClock, loadConfig, openEmbeddedClickHouse, openStores, type ClickHouse } from '#platform';
import type { SentRequest } from './otlp-load.js';

/** Tables that rows come to, by a segment or by a view on one. */
const TABLES = ['spans', 'span_contents', 'signals', 'conversations', 'trace_changes'] as const;

/** How many rows there are for each id. */
export interface StoreLook {
  spans: Map<string, number>;
  contents: Map<string, number>;
  /** By span: those that came as log records, and those that came as events of spans. */
  logSignals: Map<string, number>;
  spanSignals: Map<string, number>;
  /** By trace. No merge tidies the changes up: a segment that came twice would show here. */
  conversations: Map<string, number>;
  changes: Map<string, number>;
}

/**
 * Makes the stores of a data directory ready for a test that counts: message bodies are kept, and merges are switched off in the tables
 * themselves, so that a row that was written twice stays two.
 */
export async function prepareStores(service: { directory: string; key: string }, settings: Record<string, string> = {}): Promise<void> {
  const stores = await openStores(loadConfig({ DATA_DIR: service.directory, LOG_LEVEL: 'silent', ...settings }));
  try {
    await new ApiKeys(stores.postgres, new SystemClock()).ensure('default', 'bootstrap', service.key, ['admin']);
    const kept = { keepsContent: true, contentBytesMax: 10_000, redactPatterns: [], redactKeys: [], contentRetentionDays: 0, spanRetentionDays: 0 };
    await stores.postgres.insertInto('telemetrySettings').values({ organizationId: 'default', ...kept, updatedAt: new Date() }).execute();
    await stopMerges(stores.clickhouse);
  } finally {
    await stores.close();
  }
}

async function stopMerges(clickhouse: ClickHouse): Promise<void> {
  for (const table of TABLES) {
    // Unlike SYSTEM STOP MERGES this outlives the process. Only parts whose sum is below the limit are merged.
    await clickhouse.run({ query: `ALTER TABLE ${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1`, query_params: {} });
  }
}

/** Reads the engine's directory of a process that has ended. */
export async function lookInto(directory: string): Promise<StoreLook> {
  const clickhouse = await openEmbeddedClickHouse(directory);
  try {
    return await lookThrough(clickhouse);
  } finally {
    await clickhouse.close();
  }
}

async function lookThrough(clickhouse: ClickHouse): Promise<StoreLook> {
  const count = async (table: string, id: 'span_id' | 'trace_id', where = '1') => {
    const rows = await clickhouse.rows<{ id: string; times: string }>({ query: `SELECT lower(hex(${id})) AS id, count() AS times FROM ${table} WHERE ${where} GROUP BY ${id}`, query_params: {} });
    return new Map(rows.map(({ id: found, times }) => [found, Number(times)]));
  };
  return {
    spans: await count('spans', 'span_id'),
    contents: await count('span_contents', 'span_id'),
    logSignals: await count('signals', 'span_id', "origin = 'log'"),
    spanSignals: await count('signals', 'span_id', "origin = 'span'"),
    conversations: await count('conversations', 'trace_id'),
    changes: await count('trace_changes', 'trace_id'),
  };
}

/** What is wrong with a store, given all that was ever sent to it: what is missing, there twice, there in part, or from nowhere. */
export function faultsIn(store: StoreLook, sent: readonly SentRequest[]): string[] {
  const known = new Set(sent.flatMap(({ spanIds }) => spanIds));
  const strangers = [store.spans, store.contents, store.logSignals, store.spanSignals].flatMap((rows) => [...rows.keys()]).filter((id) => !known.has(id));
  return [...sent.flatMap((request) => faultsOf(store, request)), ...strangers.map((id) => `${id} was never sent`)];
}

function faultsOf(store: StoreLook, { answer, message, traceId, spanIds, hasContent, transport }: SentRequest): string[] {
  const isTrace = message.signal === 'traces';
  const first = spanIds.slice(0, 1);
  // Every row that the request should have left.
  const expected: [table: string, rows: Map<string, number>, ids: string[]][] = isTrace
    ? [['spans', store.spans, spanIds], ['span_contents', store.contents, hasContent ? spanIds : []], ['signals of spans', store.spanSignals, first]]
    : [['signals of logs', store.logSignals, spanIds]];
  expected.push(['conversations', store.conversations, [traceId]], ['trace_changes', store.changes, [traceId]]);
  // What nobody was told of may be there or not, in frames that are whole, and what follows from a frame with it.
  const isThere = answer?.kind === 'acknowledged' || (expected[0]?.[1].get(spanIds[0] ?? '') ?? 0) > 0;
  return expected.flatMap(([table, rows, ids]) =>
    ids.flatMap((id) => {
      const times = rows.get(id) ?? 0;
      const isRight = table === 'span_contents' && answer?.kind !== 'acknowledged' ? times <= 1 : times === (isThere ? 1 : 0);
      return isRight ? [] : [`${table}: ${id} ${times} times, of a request by ${transport} that was ${answer?.kind}`];
    }),
  );
}
