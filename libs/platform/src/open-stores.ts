import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { checkClickHouse, openClickHouseServer, openEmbeddedClickHouse, type ClickHouse } from './clickhouse/open-clickhouse.js';
import { migrateClickHouse } from './clickhouse/migrate-clickhouse.js';
import { lockDataDirectory } from './data-directory-lock.js';
import { startEmbeddedPostgres } from './postgres/embedded-postgres.js';
import { checkPostgres, openPostgres, type Database } from './postgres/open-postgres.js';
import { migratePostgres } from './postgres/migrate-postgres.js';

export interface Stores {
  postgres: Database;
  clickhouse: ClickHouse;
  close(): Promise<void>;
}

/**
 * Opens both databases, embedded or by URL as the configuration says, and brings their schemas up to date.
 * The data directory belongs to this process until `close` where an embedded store is in it, or where the caller keeps something there.
 * What was opened is closed again when a later step fails.
 */
export async function openStores(config: Config, { ownsDataDirectory = false } = {}): Promise<Stores> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
    closers.length = 0;
  };
  try {
    if (ownsDataDirectory || !config.DATABASE_URL || !config.CLICKHOUSE_URL) {
      const lock = lockDataDirectory(config.DATA_DIR);
      closers.push(async () => lock.release());
    }

    let postgres: Database;
    if (config.DATABASE_URL) {
      postgres = openPostgres({ connectionString: config.DATABASE_URL });
    } else {
      const server = await startEmbeddedPostgres(join(config.DATA_DIR, 'postgres'));
      closers.push(() => server.stop());
      postgres = openPostgres(server.connection);
    }
    closers.push(() => postgres.destroy());
    await checkPostgres(postgres);
    await migratePostgres(postgres);

    const clickhouse = config.CLICKHOUSE_URL
      ? openClickHouseServer(config.CLICKHOUSE_URL, config.CLICKHOUSE_CLUSTER)
      : await openEmbeddedClickHouse(join(config.DATA_DIR, 'clickhouse'));
    closers.push(() => clickhouse.close());
    await checkClickHouse(clickhouse);
    await migrateClickHouse(clickhouse);
    return { postgres, clickhouse, close };
  } catch (error) {
    await close();
    throw error;
  }
}
