import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, openStores, type Config, type Stores } from '#platform';
import { ClickHouseFront } from './clickhouse-front.js';

export interface TestStores extends Stores {
  config: Config;
}

/**
 * Both real stores, migrated and empty, in a directory of their own that `close` removes. The way the service itself opens them: embedded,
 * or with TEST_CLICKHOUSE=server, ClickHouse as a server by its URL.
 */
export async function openTestStores(settings: Record<string, string> = {}): Promise<TestStores> {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-test-'));
  const front = process.env['TEST_CLICKHOUSE'] === 'server' ? await ClickHouseFront.start({ directory: join(directory, 'clickhouse-server') }) : undefined;
  // A test's clock stands still while its story goes on: spans may be ahead of it.
  const aheadMsMax = String(30 * 24 * 3_600_000);
  const config = loadConfig({
    INGEST_SPAN_AHEAD_MS_MAX: aheadMsMax,
    DATA_DIR: directory,
    LOG_LEVEL: 'silent',
    PORT: '0',
    GRPC_PORT: '0',
    STRIPE_SANDBOX_PORT: '0',
    ...(front && { CLICKHOUSE_URL: front.url }),
    ...settings,
  });
  const stores = await openStores(config).catch(async (error: unknown) => {
    await front?.close();
    throw error;
  });
  return {
    ...stores,
    config,
    close: async () => {
      await stores.close();
      await front?.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
