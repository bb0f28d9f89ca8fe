import { z } from 'zod';

const MIB = 1024 * 1024;

const bytes = (value: number) => z.coerce.number().int().positive().default(value);
const count = (value: number) => z.coerce.number().int().positive().default(value);
const milliseconds = (value: number) => z.coerce.number().int().positive().default(value);
const port = (value: number) => z.coerce.number().int().min(0).max(65535).default(value);
const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

/** Every setting, its default and what it is for. `.env.example` is written from this (npm run generate). */
export const configSchema = z.object({
  DATA_DIR: z.string().min(1).default('./data').describe('Where the embedded stores, the spool and the Stripe sandbox keep their files'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 opens the service to the network'),
  PORT: port(4318).describe('OTLP/HTTP, REST, OFREP and pages; 4318 is what OpenTelemetry SDKs send to by default'),
  PUBLIC_URL: url('http:', 'https:').optional().describe('Address that people use, where it differs from HOST and PORT'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('Structured logs on stdout'),
  DATABASE_URL: url('postgres:', 'postgresql:').optional().describe('PostgreSQL >= 15; without it the embedded one is started under DATA_DIR'),
  CLICKHOUSE_URL: url('http:', 'https:').optional().describe('ClickHouse server; without it the engine runs in this process under DATA_DIR'),
  CLICKHOUSE_CLUSTER: z.string().regex(/^\w+$/).optional().describe('Cluster name: tables are then replicated and created ON CLUSTER'),
  ORGANIZATION: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9, - and _').default('default').describe('Organization that is created on first start'),
  BOOTSTRAP_API_KEY: z.string().regex(/^astk_[0-9a-f]{64}$/, 'must be astk_ and 64 hex digits').optional().describe('Admin key to accept; without it one is made and printed on first start'),
  STRIPE_SECRET_KEY: z.string().regex(/^(sk|rk)_/, 'must start with sk_ or rk_').optional().describe('Stripe; without it the sandbox stands in, and nothing is charged'),
  STRIPE_API_URL: url('http:', 'https:').optional().describe('Another address for the Stripe API, such as a sandbox that runs elsewhere'),
  STRIPE_SANDBOX_PORT: port(4319).describe('Port of the built-in Stripe sandbox; 0 takes a free one'),
  GRPC_PORT: port(4317).describe('OTLP/gRPC; 0 takes a free one, and GRPC=false does without it'),
  GRPC: z.enum(['true', 'false']).default('true').transform((text) => text === 'true').describe('Whether OTLP/gRPC is served beside OTLP/HTTP'),
  INGEST_BODY_BYTES_MAX: bytes(16 * MIB).describe('Largest OTLP request as sent'),
  INGEST_DECOMPRESSED_BYTES_MAX: bytes(64 * MIB).describe('Largest OTLP request after decompression'),
  INGEST_KEY_BYTES_PER_SECOND_MAX: bytes(256 * MIB).describe('What one API key may send on average, after decompression; above it 429'),
  INGEST_KEY_REQUESTS_MAX: count(64).describe('Requests of one API key that may be under way at the same time; above it 429'),
  INGEST_HELD_BYTES_MAX: bytes(256 * MIB).describe('Memory for the requests that are under way, as sent and after decompression; a key may have as much as is free, above it 429, and 503 when nothing is'),
  INGEST_ATTRIBUTES_MAX: count(128).describe('Attributes, and events, of a span that are kept; more are left out and counted in attributes_dropped'),
  INGEST_ATTRIBUTE_BYTES_MAX: bytes(4096).describe('Longest attribute value that is kept whole; longer ones are cut and counted in attributes_cut'),
  INGEST_DISTINCT_VALUES_MAX: count(2000).describe('Distinct values a day of a low-cardinality column, for each organization; more, and longer than 256 bytes, are kept among the attributes'),
  INGEST_SPAN_AGE_DAYS_MAX: count(1825).describe('Spans that started longer ago are rejected'),
  INGEST_SPAN_AHEAD_MS_MAX: milliseconds(3_600_000).describe('Spans that start or end further ahead of our clock are rejected; of log records the time is then when they came'),
  INGEST_RECENT_SPANS: z.coerce.number().int().min(0).max(20_000_000).default(500_000).describe('How many of the newest spans are recognised when they are sent again; about 100 bytes of memory for each'),
  SPOOL_SEGMENT_BYTES_MAX: bytes(32 * MIB).describe('A spool segment is sealed at this size'),
  SPOOL_SEGMENT_AGE_MS: milliseconds(1000).describe('A spool segment is sealed at this age'),
  SPOOL_BYTES_MAX: bytes(4096 * MIB).describe('Above this much unloaded data the receiver answers 503 until some is loaded'),
  SPOOL_FREE_BYTES_MIN: bytes(256 * MIB).describe('Below this much free space on its disk the receiver answers 503: loading needs room to make room'),
  SPOOL_LOADS_MAX: count(2).describe('Spool segments that are loaded at the same time'),
  ACTIVATION_NEEDS_SIGN_OFF: z.enum(['true', 'false']).default('false').transform((text) => text === 'true').describe('Whether a contract version can be activated only after somebody signed off a replay of it'),
  DECIDE_EVERY_MS: milliseconds(1000).describe('How often quiet conversations are looked for'),
  DELIVER_EVERY_MS: milliseconds(1000).describe('How often the outbox to Stripe is drained'),
  RECONCILE_EVERY_MS: milliseconds(60_000).describe('How often the ledger is compared with Stripe'),
  STRIPE_CALLS_PER_SECOND: z.coerce.number().int().min(1).max(10_000).default(500).describe('How many meter events are sent in a second at most. Stripe takes 1000 in live mode, about 25 with a test key, from all processes together'),
  CLOSE_EVERY_MS: milliseconds(60_000).describe('How often periods that are over are closed'),
  PERIOD_GRACE_MS: milliseconds(1_800_000).describe('So long after its end a period is locked: until then it takes what was decided in it and what is disputed. Stripe finalises an invoice about an hour after the end'),
  ERASE_EVERY_MS: milliseconds(600_000).describe('How often erasures of message bodies, and settings of retention, are carried out again for what was loaded late'),
}).refine(({ INGEST_HELD_BYTES_MAX, INGEST_BODY_BYTES_MAX, INGEST_DECOMPRESSED_BYTES_MAX }) => INGEST_HELD_BYTES_MAX >= 2 * (INGEST_BODY_BYTES_MAX + INGEST_DECOMPRESSED_BYTES_MAX), {
  path: ['INGEST_HELD_BYTES_MAX'],
  // A key may hold half when nobody else holds anything.
  message: 'must be at least twice INGEST_BODY_BYTES_MAX and INGEST_DECOMPRESSED_BYTES_MAX together, or the largest request is never taken',
});

export type Config = z.infer<typeof configSchema>;

/** Settings that are never printed. */
export const secretSettings: readonly (keyof Config)[] = ['DATABASE_URL', 'CLICKHOUSE_URL', 'BOOTSTRAP_API_KEY', 'STRIPE_SECRET_KEY'];
