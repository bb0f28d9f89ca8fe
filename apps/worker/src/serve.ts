import { NestFactory } from '@nestjs/core';
import { NestLog, PlatformModule, SystemClock, createLogger, openStores, serveProcess } from '#platform';
import { WorkerModule } from './worker.module.js';

class ProcessModule {}

// The recurring work alone, on the stores' servers. Several may run: each job is done by one of them.
await serveProcess(async (config) => {
  const logger = createLogger(config.LOG_LEVEL, 'astrolabe-worker');
  const stores = await openStores(config);
  const app = await NestFactory.createApplicationContext(
    { module: ProcessModule, imports: [PlatformModule.with({ config, stores, clock: new SystemClock(), logger }), WorkerModule] },
    { logger: new NestLog(logger), abortOnError: false },
  );
  return {
    ready: {},
    announcement: ['Astrolabe worker is up'],
    close: async () => {
      await app.close();
      await stores.close();
    },
  };
});
