import { CamelCasePlugin, Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { DB } from './database.js';
import { postgresFailure } from './postgres-failure.js';

export type Database = Kysely<DB>;
export type Tx = Transaction<DB>;

const POOL_CONNECTIONS_MAX = 10;
// Whoever waits longer for a connection is told so, and does not wait for ever for one that waits for it.
const CONNECTION_TIMEOUT_MS = 30_000;

/** Nest token (a class, so that it can be injected by type) for the PostgreSQL connection pool. */
export abstract class Postgres extends Kysely<DB> {}

/**
 * A pool over a server. int8 comes back as bigint and numeric as a decimal string: neither may pass through a double.
 * JSON columns keep their keys as they are; only column names change case.
 */
export function openPostgres(connection: pg.PoolConfig): Database {
  const parsers = new Map<number, (text: string) => unknown>([[pg.types.builtins.INT8, (text) => BigInt(text)]]);
  const pool = new pg.Pool({
    max: POOL_CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    ...connection,
    types: { getTypeParser: ((oid: number, format?: 'text'): unknown => parsers.get(oid) ?? pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser },
  });
  // An idle connection that the server closes must not end the process; the next query gets a new one or an error of its own.
  pool.on('error', () => undefined);
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/** @throws DomainError `postgres_unavailable` or `postgres_refuses`, each of which says what to look at */
export async function checkPostgres(db: Database): Promise<void> {
  try {
    await db.selectNoFrom((eb) => eb.lit(1).as('one')).execute();
  } catch (error) {
    throw postgresFailure(error);
  }
}
