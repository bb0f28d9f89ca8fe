import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openEmbeddedClickHouse } from '#platform';
import { build } from '../support/build.js';
import { eventually, ServiceProcess } from '../support/service-process.js';

interface Usage {
  spans: number;
}

const SPANS_PER_REQUEST = 20;
const CLIENTS = 8;
const ROUNDS = 3;

/** A request of fresh spans, as OTLP/JSON. */
function exportRequest(): { body: string; spanIds: string[] } {
  const traceId = randomBytes(16).toString('hex');
  const spanIds = Array.from({ length: SPANS_PER_REQUEST }, () => randomBytes(8).toString('hex'));
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const spans = spanIds.map((spanId) => ({
    traceId,
    spanId,
    name: 'chat gpt-4.1',
    startTimeUnixNano: String(nowNs),
    endTimeUnixNano: String(nowNs + 5_000_000n),
    attributes: [{ key: 'gen_ai.conversation.id', value: { stringValue: traceId } }],
  }));
  return { body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }), spanIds };
}

describe('kill -9 of the whole service under traffic', () => {
  const service = new ServiceProcess();

  beforeAll(() => build(), 120_000);
  afterAll(() => service.stop());

  it(`keeps every acknowledged span exactly once, ${ROUNDS} times in a row`, async () => {
    const acknowledged = new Set<string>();
    const attempted = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      await service.start();
      let isKilled = false;
      const client = async () => {
        while (!isKilled) {
          const { body, spanIds } = exportRequest();
          for (const id of spanIds) attempted.add(id);
          const headers = { 'content-type': 'application/json', authorization: `Bearer ${service.key}` };
          const response = await fetch(`${service.url}/v1/traces`, { method: 'POST', headers, body }).catch(() => undefined);
          if (response?.status === 200) for (const id of spanIds) acknowledged.add(id);
        }
      };
      const clients = Array.from({ length: CLIENTS }, client);
      await eventually(async () => acknowledged.size, (size) => size >= (round + 1) * 1000);
      await service.kill('SIGKILL');
      isKilled = true;
      await Promise.all(clients);
    }
    // What the kill left in the spool is loaded by the next start; then the store itself is asked, by id.
    await service.start();
    await eventually(() => service.get<Usage>('/api/v1/usage'), (usage) => usage.spans >= acknowledged.size);
    await service.kill('SIGTERM');
    const clickhouse = await openEmbeddedClickHouse(join(service.directory, 'clickhouse'));
    const rows = await clickhouse.rows<{ span_id: string; times: string }>({ query: 'SELECT lower(hex(span_id)) AS span_id, count() AS times FROM spans GROUP BY span_id', query_params: {} });
    await clickhouse.close();
    const times = new Map(rows.map((row) => [row.span_id, Number(row.times)]));
    expect([...acknowledged].filter((id) => times.get(id) !== 1)).toEqual([]);
    // What was on disk and not yet answered may be there too, but nothing that was never sent, and nothing twice.
    expect([...times].filter(([id, count]) => !attempted.has(id) || count !== 1)).toEqual([]);
  }, 120_000);
});
