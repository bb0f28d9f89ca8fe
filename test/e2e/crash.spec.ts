import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from '../support/build.js';
import { OtlpLoad } from '../support/faults/otlp-load.js';
import { Random } from '../support/faults/random.js';
import { faultsIn, lookInto, prepareStores } from '../support/faults/store-look.js';
import { eventually, ServiceProcess } from '../support/service-process.js';

const ROUNDS = 20;
const CLIENTS_PER_TRANSPORT = 3;
const SEED = Number(process.env['CRASH_SEED'] ?? 20_261_102);

/** When a round kills: in the middle of starting, when it has just started, or under load. */
type Moment = 'starting' | 'started' | 'loaded';
const MOMENTS: readonly Moment[] = ['loaded', 'starting', 'loaded', 'started', 'loaded'];

describe(`kill -9 of the receiver, seed ${SEED}`, () => {
  const service = new ServiceProcess('ingest');
  const random = new Random(SEED);
  const load = new OtlpLoad(SEED);

  beforeAll(async () => {
    build();
    await prepareStores(service);
  }, 120_000);
  afterAll(() => service.stop());

  /** A start, some load, and the end of it at a moment that nobody chose. */
  const round = async (moment: Moment): Promise<void> => {
    // Segments that are sealed at once are always being loaded; old ones are left to the next start.
    const started = service.start({ SPOOL_SEGMENT_AGE_MS: String(random.pick([1, 1, 20, 500])), SPOOL_SEGMENT_BYTES_MAX: String(random.pick([1, 200_000, 32_000_000])) });
    if (moment === 'starting') {
      await Promise.race([started.catch(() => undefined), sleep(random.between(200, 2000))]);
      await service.kill('SIGKILL');
      await started.catch(() => undefined);
      return;
    }
    await started;
    let isKilled = false;
    const before = load.acknowledged.length;
    const running = load.run(service, { clients: CLIENTS_PER_TRANSPORT, isOver: () => isKilled });
    if (moment === 'loaded') {
      await eventually(async () => load.acknowledged.length, (count) => count > before);
      await sleep(random.between(0, 600));
    }
    await service.kill('SIGKILL');
    isKilled = true;
    await running;
  };

  it(`loses nothing that it acknowledged and stores nothing twice, ${ROUNDS} times in a row`, async () => {
    for (let n = 0; n < ROUNDS; n++) await round(MOMENTS[n % MOMENTS.length] as Moment);
    // What the kill left in the spool is loaded by the next start; then the store itself is asked, by id.
    await service.start();
    const segments = () => readdirSync(join(service.directory, 'spool')).filter((name) => name !== 'refused');
    await eventually(async () => segments(), (found) => found.length === 0);
    expect(readdirSync(join(service.directory, 'spool', 'refused'))).toEqual([]);
    expect(await service.kill('SIGTERM')).toBe(0);
    expect(faultsIn(await lookInto(join(service.directory, 'clickhouse')), load.sent)).toEqual([]);
    // Every transport was under way, with spans, bodies and log records.
    const acknowledged = Map.groupBy(load.acknowledged, ({ transport, message, hasContent }) => `${transport} ${message.signal}${hasContent ? ' with content' : ''}`);
    expect([...acknowledged.keys()].sort()).toEqual(['grpc', 'json', 'protobuf'].flatMap((transport) => [`${transport} logs`, `${transport} traces`, `${transport} traces with content`]));
  }, 240_000);
});
