import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { ApiKeys, SystemClock, createLogger, type Clock, type Config } from '#platform';
import { OtlpIntake } from '#traces';
import { startReceivers } from '../../apps/ingest/src/start-receivers.js';
import type { TestStores } from './test-stores.js';

export interface OtlpReceivers {
  /** http://host:port */
  url: string;
  /** host:port */
  grpcAddress: string;
  intake: OtlpIntake;
  close(): Promise<void>;
}

export interface ReceiverSettings {
  config?: Partial<Config>;
  /** The receiver's: it decides what a key may send now. */
  clock?: Clock;
  /** The store that segments go to, where it is not that of the tests. */
  clickhouse?: TestStores['clickhouse'];
  /** In the place of the real ones, where the test is about their failure. */
  keys?: ApiKeys;
  intake?: OtlpIntake;
}

/** OTLP over HTTP and gRPC as the service serves it, on ports of their own. */
export async function openReceivers(stores: TestStores, { config: settings, clock = new SystemClock(), clickhouse = stores.clickhouse, keys, intake: given }: ReceiverSettings = {}): Promise<OtlpReceivers> {
  const config = { ...stores.config, ...settings };
  const logger = createLogger('silent', 'test');
  const intake = given ?? (await OtlpIntake.open({ config, clickhouse, postgres: stores.postgres, clock, logger }));
  const http = fastify();
  const receivers = await startReceivers(http, { intake, keys: keys ?? new ApiKeys(stores.postgres, new SystemClock()), clock, config, logger });
  await http.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`,
    grpcAddress: receivers.grpcAddress ?? '',
    intake,
    close: async () => {
      await receivers.close();
      await http.close();
      if (!given) await intake.close();
    },
  };
}
