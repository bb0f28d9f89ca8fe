import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClickHouseServer, type ClickHouse } from '#platform';
import { build } from '../support/build.js';
import { ClickHouseFront } from '../support/clickhouse-front.js';
import { eventually, ServiceProcess } from '../support/service-process.js';
import { SpanLoad, notOnce } from '../support/span-load.js';

const AWAY_MS = 60_000;
const directory = mkdtempSync(join(tmpdir(), 'astrolabe-away-'));
const service = new ServiceProcess('ingest');
let front: ClickHouseFront;
let clickhouse: ClickHouse;

beforeAll(async () => {
  build();
  front = await ClickHouseFront.start({ directory });
  clickhouse = openClickHouseServer(front.url);
  await service.start({ CLICKHOUSE_URL: front.url });
  // A row that was written twice must stay two.
  for (const table of ['spans', 'trace_changes']) await clickhouse.run({ query: `SYSTEM STOP MERGES ${table}`, query_params: {} });
}, 120_000);
afterAll(async () => {
  await service.stop();
  await clickhouse.close();
  await front.close();
  rmSync(directory, { recursive: true, force: true });
});

it('takes every request while ClickHouse is away for a minute, and loads each span once when it is back, though answers get lost', async () => {
  const load = new SpanLoad(service, 50);
  load.start(4);
  await eventually(async () => load.acknowledged.length, (spans) => spans > 1000);
  // Two inserts are carried out and their answers are lost: the loader must send them again, and nothing may be there twice.
  front.failNext('drop-after', 2);
  await sleep(2000);
  const before = load.acknowledged.length;
  await front.stopListening();
  await sleep(AWAY_MS);
  const during = load.acknowledged.length - before;
  await front.listenAgain();
  front.failNext('drop-after', 2);
  front.failNext({ status: 500, code: 252, message: 'Too many parts' }, 2);
  await sleep(2000);
  await load.stop();

  expect(load.refusals).toEqual([]);
  // Four clients that wait 50 ms between requests of 50 spans; far fewer would mean that somebody waited for the store.
  expect(during).toBeGreaterThan(20_000);
  const rows = () => clickhouse.rows<{ span_id: string; times: string }>({ query: 'SELECT lower(hex(span_id)) AS span_id, count() AS times FROM spans GROUP BY span_id', query_params: {} });
  await eventually(async () => (await rows()).length, (count) => count >= load.acknowledged.length, 60_000);
  const found = await rows();
  expect(found).toHaveLength(load.acknowledged.length);
  expect(notOnce(load.acknowledged, found)).toEqual([]);
  // The views that follow the table have each trace once, too.
  const [changes] = await clickhouse.rows<{ n: string }>({ query: 'SELECT count() AS n FROM trace_changes', query_params: {} });
  expect(Number(changes?.n)).toBe(load.acknowledged.length);
}, 200_000);
