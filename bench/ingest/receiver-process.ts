import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { ApiKeys, SystemClock, createLogger, loadConfig, openStores } from '#platform';
import { OtlpIntake } from '#traces';
import { startReceivers } from '../../apps/ingest/src/start-receivers.js';
import { answerParent, type ProcessSetup } from './measured-process.js';

// The receiver as `apps/ingest` composes it, with both stores embedded, and a way to ask what it used. Settings are the defaults, but for
// the limit on one key: the driver sends with few keys what many agents would.
const { keys: secrets } = JSON.parse(process.argv[2] ?? '') as ProcessSetup;
const directory = mkdtempSync(join(tmpdir(), 'astrolabe-bench-'));
const config = loadConfig({ DATA_DIR: directory, GRPC: 'false', LOG_LEVEL: 'warn', INGEST_KEY_BYTES_PER_SECOND_MAX: String(10 ** 12) });
const clock = new SystemClock();
const logger = createLogger('warn', 'bench');
const stores = await openStores(config, { ownsDataDirectory: true });
const keys = new ApiKeys(stores.postgres, clock);
for (const [n, secret] of secrets.entries()) await keys.ensure(`bench-${n}`, 'bench', secret, ['ingest']);
const intake = await OtlpIntake.open({ config, ...stores, clock, logger });
const server = fastify();
const receivers = await startReceivers(server, { intake, keys, clock, config, logger });
await server.listen({ host: '127.0.0.1', port: 0 });

answerParent(`http://127.0.0.1:${(server.server.address() as AddressInfo).port}`, {
  count: async () => Number((await stores.clickhouse.rows<{ n: string }>({ query: 'SELECT count() AS n FROM spans', query_params: {} }))[0]?.n),
  drain: () => intake.drain(),
  stop: async () => {
    await receivers.close();
    await server.close();
    await intake.close();
    await stores.close();
    rmSync(directory, { recursive: true, force: true });
  },
});
