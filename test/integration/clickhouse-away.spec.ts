import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { SystemClock, loadConfig, openClickHouseServer, openStores, type ClickHouse, type Stores } from '#platform';
import { OtlpIntake } from '#traces';
import { protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN } from '../../libs/traces/src/testing/transcode-request.js';
import { ClickHouseFront } from '../support/clickhouse-front.js';
import { eventually } from '../support/service-process.js';

const [INFO, WARN, ERROR] = [30, 40, 50];

interface LogLine {
  level: number;
  msg: string;
  err?: { message: string };
}

// What a receiver does about a ClickHouse server that it cannot use, when it starts and later.
describe('stores of a receiver', () => {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-away-'));
  let front: ClickHouseFront;
  let operator: ClickHouse;
  let stores: Stores | undefined;
  let log: LogLine[];

  beforeAll(async () => {
    front = await ClickHouseFront.start({ directory: join(directory, 'clickhouse') });
    operator = openClickHouseServer(front.url);
    // As an older program left it that knew another text of the first migration.
    await operator.run({ query: 'CREATE TABLE schema_migrations (name String, sha256 String, applied_at DateTime DEFAULT now()) ENGINE = ReplacingMergeTree ORDER BY name', query_params: {} });
  });
  afterAll(async () => {
    await operator.close();
    await front.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    log = [];
  });
  afterEach(async () => {
    await stores?.close();
    stores = undefined;
    await front.listenAgain().catch(() => undefined);
    await operator.run({ query: 'TRUNCATE TABLE schema_migrations', query_params: {} });
  });

  const config = (url = front.url) => loadConfig({ DATA_DIR: directory, CLICKHOUSE_URL: url, LOG_LEVEL: 'silent' });
  const logger = pino({ level: 'info' }, new Writable({ write: (line: Buffer, _encoding, done) => (log.push(JSON.parse(line.toString()) as LogLine), done()) }));
  const open = async (url?: string) => (stores = await openStores(config(url), { ownsDataDirectory: true, waitingLogger: logger }));
  const levels = () => log.map(({ level }) => level);
  const breakMigrations = () => operator.run({ query: "INSERT INTO schema_migrations (name, sha256) VALUES ('0001_traces.sql', 'another')", query_params: {} });

  it('are refused at once where the server says why it can never be used', async () => {
    await breakMigrations();
    await expect(open()).rejects.toMatchObject({ kind: 'conflict', code: 'migration_edited' });
    await operator.run({ query: 'TRUNCATE TABLE schema_migrations', query_params: {} });
    front.failNext({ status: 403, code: 516, message: 'default: Authentication failed' });
    await expect(open()).rejects.toMatchObject({ kind: 'forbidden', code: 'clickhouse_refuses' });
    expect(log).toEqual([]);
  });

  it('are open when it fails in the middle of its migrations, and migrated when it does not', async () => {
    front.failNext({ status: 500, code: 999, message: 'Coordination::Exception: Connection loss' });
    const { clickhouse } = await open();
    await clickhouse.migrated;
    // That it is there is said after it is.
    await eventually(async () => log.length, (lines) => lines === 2);
    expect(levels()).toEqual([WARN, INFO]);
  });

  it('take spans while a failure that waiting does not mend is tried again and again, and load them when somebody mended it', async () => {
    await breakMigrations();
    await front.stopListening();
    const { clickhouse, postgres } = await open();
    const intake = await OtlpIntake.open({ config: config(), clickhouse, postgres, clock: new SystemClock(), logger: pino({ level: 'silent' }) });
    try {
      await front.listenAgain();
      await eventually(async () => levels().filter((level) => level === ERROR).length, (errors) => errors >= 2);
      expect(log[0]).toMatchObject({ level: WARN, msg: expect.stringContaining('ClickHouse is away') });
      expect(log.find(({ level }) => level === ERROR)?.err?.message).toContain('Migration 0001_traces.sql was edited');
      expect(await intake.accept('traces', 'default', protobufOf(requestOf([BASE_SPAN])), 'protobuf')).toMatchObject({ accepted: 1 });
      expect(intake.figures()).toMatchObject({ isStoreAway: true });

      await operator.run({ query: 'TRUNCATE TABLE schema_migrations', query_params: {} });
      await intake.drain();
      expect(await operator.rows({ query: 'SELECT count() AS spans FROM spans', query_params: {} })).toEqual([{ spans: '1' }]);
      expect(intake.figures()).toMatchObject({ isStoreAway: false, spoolBytes: 0, refusedSegments: 0 });
    } finally {
      await intake.close();
    }
  });

  describe('of a server that takes connections and says nothing', () => {
    let silent: Server;

    beforeEach(async () => {
      silent = createServer();
      await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    });
    afterEach(() => void silent.close());

    it('are open after a few seconds, and closed at once', async () => {
      await open(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
      expect(log).toEqual([expect.objectContaining({ level: WARN, reason: 'no answer within 3000 ms' })]);
      // An attempt is under way, whose client would wait for half a minute.
      const since = performance.now();
      await stores?.close();
      stores = undefined;
      expect(performance.now() - since).toBeLessThan(10_000);
    });
  });
});
