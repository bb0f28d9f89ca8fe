import { DomainError } from '../errors.js';
import type { Logger } from '../log.js';
import { keepTrying } from '../process/keep-trying.js';
import { migrateClickHouse } from './migrate-clickhouse.js';
import { checkClickHouse, type ClickHouse } from './open-clickhouse.js';

/*
 * For a receiver: it can acknowledge spans without ClickHouse, and a start that waited for it would lose traffic. What ClickHouse says while
 * the process starts, an operator is there to hear: wrong credentials or a migration that fails end it. Later nothing does, because what was
 * acknowledged meanwhile is in this process's spool, and whoever mends the server need not restart us.
 */

// A server that takes longer to answer, or to be migrated, is not waited for. A host that is gone says nothing at all.
const START_MS = 3000;

/**
 * Brings a server's tables up to date, now or whenever it is there; `clickhouse.migrated` says when.
 * @returns what ends the attempts and closes the connection
 * @throws DomainError other than `unavailable` that came at once
 */
export async function migrateWhenThere(clickhouse: ClickHouse, url: string, logger: Logger): Promise<() => Promise<void>> {
  const stopped = new AbortController();
  const server = addressOf(url);
  const started = Promise.withResolvers<void>();
  let isAway = false;
  let hasStarted = false;
  const start = () => {
    hasStarted = true;
    started.resolve();
  };
  const sayAway = (reason: string) => {
    if (!isAway) logger.warn({ clickhouse: server, reason }, 'ClickHouse is away: spans are acknowledged and wait in the spool until it is back');
    isAway = true;
  };
  const timer = setTimeout(() => {
    sayAway(`no answer within ${START_MS} ms`);
    start();
  }, START_MS);

  const attempt = async () => {
    await checkClickHouse(clickhouse);
    await migrateClickHouse(clickhouse);
  };
  const onFailure = (error: unknown) => {
    if (error instanceof DomainError && error.kind === 'unavailable') sayAway(error.message);
    else if (!hasStarted) throw error;
    else logger.error({ clickhouse: server, err: error }, 'ClickHouse cannot be used: spans wait in the spool until this is mended');
    start();
  };
  const done = keepTrying(attempt, { onFailure, signal: stopped.signal }).then(
    () => {
      if (isAway) logger.info({ clickhouse: server }, 'ClickHouse is there: what waits in the spool is loaded');
      start();
    },
    (error: unknown) => started.reject(error),
  );
  await started.promise.finally(() => clearTimeout(timer));
  return async () => {
    stopped.abort();
    // Ends what is under way.
    await clickhouse.close();
    await done;
  };
}

/** Where a server is, without who may enter: credentials stand before the host or among the parameters. */
function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
