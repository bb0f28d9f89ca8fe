import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { checkClickHouse, openClickHouseServer, openEmbeddedClickHouse, type ClickHouse } from './clickhouse/open-clickhouse.js';
import { migrateClickHouse } from './clickhouse/migrate-clickhouse.js';
import { migrateWhenThere } from './clickhouse/migrate-when-there.js';
import { lockDataDirectory } from './data-directory-lock.js';
import { DomainError } from './errors.js';
import type { Logger } from './log.js';
import { startEmbeddedPostgres } from './postgres/embedded-postgres.js';
import { checkPostgres, openPostgres, type Database } from './postgres/open-postgres.js';
import { migratePostgres } from './postgres/migrate-postgres.js';
import { keepTrying } from './process/keep-trying.js';

export interface Stores {
  postgres: Database;
  clickhouse: ClickHouse;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** The caller keeps something in the data directory itself. */
  ownsDataDirectory?: boolean;
  /**
   * Given by a process that must come up whatever is away; what it waits for is said here. A PostgreSQL server is then waited for, and a
   * ClickHouse server is not: it may be migrated long after this resolves (`ClickHouse.migrated`).
   */
  waitingLogger?: Logger;
}

/**
 * Opens both databases, embedded or by URL as the configuration says, and brings their schemas up to date.
 * The data directory belongs to this process until `close` where an embedded store is in it, or where the caller keeps something there.
 * A server that is away is a failure unless the options say otherwise; an embedded store that cannot be opened always is.
 * What was opened is closed again when a later step fails.
 */
export async function openStores(config: Config, { ownsDataDirectory = false, waitingLogger }: OpenOptions = {}): Promise<Stores> {
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
    const preparePostgres = async () => {
      await checkPostgres(postgres);
      await migratePostgres(postgres);
    };
    if (config.DATABASE_URL && waitingLogger) await waitForPostgres(preparePostgres, waitingLogger);
    else await preparePostgres();

    const clickhouse = config.CLICKHOUSE_URL
      ? openClickHouseServer(config.CLICKHOUSE_URL, config.CLICKHOUSE_CLUSTER)
      : await openEmbeddedClickHouse(join(config.DATA_DIR, 'clickhouse'));
    closers.push(() => clickhouse.close());
    if (config.CLICKHOUSE_URL && waitingLogger) {
      closers.push(await migrateWhenThere(clickhouse, config.CLICKHOUSE_URL, waitingLogger));
    } else {
      await checkClickHouse(clickhouse);
      await migrateClickHouse(clickhouse);
    }
    return { postgres, clickhouse, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// As long as it takes: who sends cannot be told apart from a stranger without it, and a client that finds nobody listening sends again.
async function waitForPostgres(prepare: () => Promise<void>, logger: Logger): Promise<void> {
  const onFailure = (error: unknown) => {
    if (!(error instanceof DomainError && error.kind === 'unavailable')) throw error;
    logger.warn({ reason: error.message }, 'waiting for PostgreSQL: nothing is taken before it answers');
  };
  await keepTrying(prepare, { onFailure });
}
