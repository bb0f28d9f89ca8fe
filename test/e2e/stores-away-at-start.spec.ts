import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform';
import { build } from '../support/build.js';
import { ClickHouseFront } from '../support/clickhouse-front.js';
import { OtlpLoad } from '../support/faults/otlp-load.js';
import { faultsIn, lookInto, prepareStores } from '../support/faults/store-look.js';
import { eventually, metricsOf, ServiceProcess } from '../support/service-process.js';

const WARN = 40;

describe('a receiver that starts while ClickHouse is away', () => {
  const service = new ServiceProcess('ingest');
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-away-'));
  const load = new OtlpLoad(1);
  let front: ClickHouseFront | undefined;

  beforeAll(async () => {
    build();
    // For PostgreSQL. The engine that this makes beside it is not used: the server's has nothing in it, not even tables.
    await prepareStores(service);
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    await front?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Sends over every transport, and kills the receiver in the middle of it. */
  const sendAndKill = async (requests: number) => {
    const before = load.acknowledged.length;
    let isKilled = false;
    const running = load.run(service, { clients: 2, isOver: () => isKilled });
    await eventually(async () => load.acknowledged.length, (count) => count >= before + requests);
    await service.kill('SIGKILL');
    isKilled = true;
    await running;
  };

  it('acknowledges, is killed, starts again, and loads everything once when ClickHouse is there', async () => {
    const port = await freePort();
    const settings = { CLICKHOUSE_URL: `http://default:hunter2@127.0.0.1:${port}`, SPOOL_SEGMENT_BYTES_MAX: '200000' };
    for (const requests of [50, 100]) {
      await service.start(settings);
      expect(await service.get('/readyz')).toEqual({ status: 'ready', clickhouse: 'away' });
      expect(await metricsOf(service)).toMatchObject({ astrolabe_store_away: 1 });
      await sendAndKill(requests);
      // It does not go on saying so, nor with which password it tries.
      expect(service.log).toEqual([expect.objectContaining({ level: WARN, clickhouse: `http://127.0.0.1:${port}/`, msg: expect.stringContaining('ClickHouse is away') })]);
      expect(JSON.stringify(service.log)).not.toContain('hunter2');
    }
    await service.start({ ...settings, SPOOL_BYTES_MAX: '1' });
    expect(await readiness(service)).toEqual([503, 'spool_full']);
    await service.kill('SIGTERM');

    await service.start(settings);
    front = await ClickHouseFront.start({ directory, port });
    const after = await eventually(() => metricsOf(service), ({ astrolabe_spool_bytes: bytes }) => bytes === 0, 60_000);
    expect(after).toMatchObject({ astrolabe_store_away: 0, astrolabe_spool_refused_segments: 0 });
    expect(await service.get('/readyz')).toEqual({ status: 'ready', clickhouse: 'ready' });

    expect(await service.kill('SIGTERM')).toBe(0);
    expect(readdirSync(join(service.directory, 'spool'))).toEqual(['refused']);
    await front.close();
    expect(load.acknowledged.length).toBeGreaterThanOrEqual(150);
    // A merge could hide a row that came twice, but not in the table of changes, which is looked into too.
    expect(faultsIn(await lookInto(join(directory, 'engine')), load.sent)).toEqual([]);
  }, 180_000);
});

describe('a receiver that starts while PostgreSQL is away', () => {
  const service = new ServiceProcess('ingest');
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-away-'));
  let postgres: EmbeddedPostgres;
  const startPostgres = async () => {
    postgres = await startEmbeddedPostgres(join(directory, 'postgres'));
    const { host, user, database } = postgres.connection;
    return `postgres://${user}@${encodeURIComponent(host)}/${database}`;
  };
  let url = '';

  beforeAll(async () => {
    build();
    url = await startPostgres();
    await postgres.stop();
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const waits = () => eventually(async () => service.log, (log) => log.some(({ msg }) => msg.startsWith('waiting for PostgreSQL')));

  it('ends when it is told to', async () => {
    const started = service.start({ DATABASE_URL: url });
    const refused = expect(started).rejects.toThrow('ended with code 130');
    await waits();
    expect(await service.kill('SIGTERM')).toBe(130);
    await refused;
  });

  it('waits for it, migrates it, and then takes spans', async () => {
    const started = service.start({ DATABASE_URL: url });
    await waits();
    expect(await startPostgres()).toBe(url);
    await started;
    expect(await service.get('/readyz')).toEqual({ status: 'ready', clickhouse: 'ready' });
    const load = new OtlpLoad(2);
    await load.run(service, { clients: 1, isOver: () => load.sent.length >= 6 });
    expect(load.acknowledged.length).toBe(load.sent.length);
    expect(await service.kill('SIGTERM')).toBe(0);
  });

  it('is not ready while it is away later', async () => {
    await service.start({ DATABASE_URL: url });
    await postgres.stop();
    expect(await readiness(service)).toEqual([503, 'postgres_unavailable']);
    await startPostgres();
    expect(await readiness(service)).toEqual([200, undefined]);
    expect(await service.kill('SIGTERM')).toBe(0);
  });

  it('does not wait for one that refuses it', async () => {
    await expect(service.start({ DATABASE_URL: url.replace(/[^/]+$/, 'no_such_database') })).rejects.toThrow(/ended with code 2: .*PostgreSQL refuses .*no_such_database/);
  });
});

async function readiness(service: ServiceProcess): Promise<[status: number, code: string | undefined]> {
  const response = await fetch(`${service.url}/readyz`);
  return [response.status, ((await response.json()) as { code?: string }).code];
}

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
