import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from '../support/build.js';
import { ClickHouseFront, type Fault } from '../support/clickhouse-front.js';
import { OtlpLoad } from '../support/faults/otlp-load.js';
import { faultsIn, lookInto, prepareStores } from '../support/faults/store-look.js';
import { eventually, metricsOf, ServiceProcess } from '../support/service-process.js';

const AWAY_MS = 60_000;
// The client gives an insert up after this long; the slow ones here take longer, and are then made twice at the same time.
const REQUEST_TIMEOUT_MS = 3000;
const LATE_MS = 4000;
/** Ways in which an insert can fail and still have been, or still come to be, made. */
const FAULTS_BEFORE: readonly Fault[] = [{ answerAfterMs: LATE_MS }, { runAfterMs: LATE_MS }, 'drop-after', { status: 500, code: 241, message: 'Memory limit (total) exceeded' }];
const FAULTS_AFTER: readonly Fault[] = ['drop-after', 'drop-midway', 'drop-after', 'drop-before'];

describe('a ClickHouse server that is away for a minute', () => {
  const service = new ServiceProcess('ingest');
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-outage-'));
  const load = new OtlpLoad(1);
  let front: ClickHouseFront;
  let settings: Record<string, string>;

  beforeAll(async () => {
    build();
    front = await ClickHouseFront.start({ directory });
    // Fewer and larger segments than the other journeys have: a minute of them is to be loaded afterwards.
    settings = { SPOOL_SEGMENT_AGE_MS: '1000', CLICKHOUSE_URL: `${front.url}?request_timeout=${REQUEST_TIMEOUT_MS}` };
    await prepareStores(service, settings);
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    await front.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const loaded = () => eventually(() => metricsOf(service), ({ astrolabe_spool_bytes: bytes }) => bytes === 0, 60_000);

  it('is not noticed by clients, and gets everything once when it is back, also what it took and did not say so', async () => {
    await service.start(settings);
    let isOver = false;
    const running = load.run(service, { clients: 2, isOver: () => isOver, pauseMs: 150 });
    const silenceMs = longestSilence(() => load.sent.length, () => isOver);

    // It fails, and is gone while it still carries out what its client has given up.
    for (const fault of FAULTS_BEFORE) front.failNext(fault);
    await eventually(async () => front.faultsLeft, (left) => left === 0, 60_000);
    await front.stopListening();
    const before = load.acknowledged.length;
    await sleep(AWAY_MS);
    const away = await metricsOf(service);
    expect([away['astrolabe_store_away'], (away['astrolabe_spool_segments'] ?? 0) > 10]).toEqual([1, true]);
    expect(load.acknowledged.length - before).toBeGreaterThan(300);

    // It is back under the whole backlog, and the first inserts of it fail too.
    for (const fault of FAULTS_AFTER) front.failNext(fault);
    await front.listenAgain();
    await eventually(async () => front.faultsLeft, (left) => left === 0, 60_000);
    isOver = true;
    await running;
    const after = await loaded();
    expect([after['astrolabe_store_away'], after['astrolabe_spool_refused_segments']]).toEqual([0, 0]);
    expect(load.sent.filter(({ answer }) => answer?.kind !== 'acknowledged')).toEqual([]);
    expect(await silenceMs).toBeLessThan(5000);

    expect(await service.kill('SIGTERM')).toBe(0);
    expect(readdirSync(join(service.directory, 'spool'))).toEqual(['refused']);
    await front.close();
    expect(faultsIn(await lookInto(join(directory, 'engine')), load.sent)).toEqual([]);
  }, 240_000);
});

/** The longest time in which no request was sent: each client waits for its answer. */
async function longestSilence(count: () => number, isOver: () => boolean): Promise<number> {
  let [longestMs, seen, sinceMs] = [0, count(), performance.now()];
  while (!isOver()) {
    await sleep(50);
    if (count() !== seen) [seen, sinceMs] = [count(), performance.now()];
    longestMs = Math.max(longestMs, performance.now() - sinceMs);
  }
  return longestMs;
}
