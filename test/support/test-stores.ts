import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, openStores, type Config, type Stores } from '#platform';

export interface TestStores extends Stores {
  config: Config;
}

/** Both real stores, embedded, migrated and empty, in a directory of their own that `close` removes. The way the service itself opens them. */
export async function openTestStores(settings: Record<string, string> = {}): Promise<TestStores> {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-test-'));
  // A test's clock stands still while its story goes on: spans may be ahead of it.
  const config = loadConfig({ INGEST_SPAN_AHEAD_MS_MAX: String(30 * 24 * 3_600_000), DATA_DIR: directory, LOG_LEVEL: 'silent', PORT: '0', GRPC_PORT: '0', STRIPE_SANDBOX_PORT: '0', ...settings });
  const stores = await openStores(config);
  return {
    ...stores,
    config,
    close: async () => {
      await stores.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
