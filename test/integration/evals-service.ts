import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, PlatformModule, ProblemFilter, createLogger, listen, type Clock } from '#platform';
import { EvalsApiModule } from '../../apps/api/src/evals/evals-api.module.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

export interface EvalsService {
  apiUrl: string;
  stores: TestStores;
  keys: ApiKeys;
  close(): Promise<void>;
}

/** The REST API of suites and runs on stores of its own, listening on loopback. */
export async function startEvalsService(clock: Clock): Promise<EvalsService> {
  const stores = await openTestStores();
  const logger = createLogger('silent', 'test');
  const root = { module: class Root {}, imports: [PlatformModule.with({ config: stores.config, stores, clock, logger }), EvalsApiModule] };
  const app = await NestFactory.create<NestFastifyApplication>(root, new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  return {
    apiUrl: await listen(app, '127.0.0.1', 0),
    stores,
    keys: app.get(ApiKeys),
    close: async () => {
      await app.close();
      await stores.close();
    },
  };
}
