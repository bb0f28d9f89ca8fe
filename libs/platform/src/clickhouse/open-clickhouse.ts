import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClickHouseLogLevel, createClient, type ClickHouseClient, type ClickHouseClientConfigOptions } from '@clickhouse/client';
import { DomainError } from '../errors.js';
import { clickHouseFailure } from './clickhouse-failure.js';
import { mendDeduplicationLogs } from './mend-deduplication-logs.js';

/** A query as text and values. Values only as `{name: Type}` parameters, never pasted into the text. */
export interface ClickHouseQuery {
  query: string;
  query_params: Record<string, unknown>;
}

// Integers beyond 2^53 and decimals come back as strings: a double would round money.
const SETTINGS = { output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1 } as const;

/** Where the evidence is kept: the engine in this process, or a server. The queries are the same. */
export class ClickHouse {
  readonly #migrated = Promise.withResolvers<void>();

  constructor(
    readonly client: ClickHouseClient,
    readonly kind: 'embedded' | 'server',
    readonly cluster?: string,
  ) {}

  /** Resolves when its tables are those of this version, which may be long after the process has started. Nothing is inserted before. */
  get migrated(): Promise<void> {
    return this.#migrated.promise;
  }

  markMigrated(): void {
    this.#migrated.resolve();
  }

  /** Runs a SELECT and returns its rows. Decimals and 64-bit integers are strings. */
  async rows<Row>({ query, query_params }: ClickHouseQuery): Promise<Row[]> {
    const result = await this.client.query({ query, query_params, format: 'JSONEachRow' });
    return result.json<Row>();
  }

  /** Runs a statement that returns nothing. */
  async run({ query, query_params }: ClickHouseQuery): Promise<void> {
    await this.client.command({ query, query_params });
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/**
 * Opens the engine in this process on a directory. One process owns the directory; one directory per process.
 * @throws DomainError `embedded_clickhouse_missing` where chDB has no build for this machine.
 */
export async function openEmbeddedClickHouse(directory: string): Promise<ClickHouse> {
  const path = resolve(directory);
  mkdirSync(path, { recursive: true });
  const { createChdbConnection } = await import('chdb/connection').catch((cause: unknown) => {
    throw new DomainError({
      kind: 'unavailable',
      code: 'embedded_clickhouse_missing',
      message: 'No embedded ClickHouse engine for this machine (chdb is not installed or has no build for it): install without --omit=optional, or set CLICKHOUSE_URL to a server',
      cause,
    });
  });
  mendDeduplicationLogs(path);
  // chdb types its connection against its own copy of the client's types; the shape is the one the client asks for.
  const connection = createChdbConnection({ path }) as unknown as NonNullable<ClickHouseClientConfigOptions['connection']>;
  const clickhouse = new ClickHouse(createClient({ connection }), 'embedded');
  for (const [name, value] of Object.entries(SETTINGS)) await clickhouse.run({ query: `SET ${name} = ${value}`, query_params: {} });
  return clickhouse;
}

/** Opens a connection to a server. */
export function openClickHouseServer(url: string, cluster?: string): ClickHouse {
  const client = createClient({
    url,
    clickhouse_settings: SETTINGS,
    compression: { request: true, response: true },
    // A batch of conversation ids can be longer than an address may be: it then travels in the body.
    use_multipart_params_auto: true,
    // Failures are thrown, and logged once by whoever catches them.
    log: { level: ClickHouseLogLevel.OFF },
  });
  return new ClickHouse(client, 'server', cluster);
}

/** @throws DomainError `clickhouse_unavailable` or `clickhouse_refuses`, each of which says what to look at */
export async function checkClickHouse(clickhouse: ClickHouse): Promise<void> {
  const result = await clickhouse.client.ping({ select: true });
  if (!result.success) throw clickHouseFailure(result.error);
}
