import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, AuditLog, NestLog, PlatformModule, ProblemFilter, SystemClock, createLogger, ensureFirstKey, httpAdapter, listen, openStores, serveProcess } from '#platform';
import { API_BODY_BYTES_MAX, ApiModule } from './api.module.js';

class ServerModule {}

// REST, OFREP and pages alone, on the stores' servers.
await serveProcess(async (config) => {
  const logger = createLogger(config.LOG_LEVEL, 'astrolabe-api');
  const stores = await openStores(config);
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: ServerModule, imports: [PlatformModule.with({ config, stores, clock: new SystemClock(), logger }), ApiModule] },
    httpAdapter({ bodyLimit: API_BODY_BYTES_MAX }),
    { logger: new NestLog(logger), abortOnError: false },
  );
  app.useGlobalFilters(new ProblemFilter(logger));
  const newApiKey = await ensureFirstKey(app.get(ApiKeys), app.get(AuditLog), config);
  const url = await listen(app, config.HOST, config.PORT);
  return {
    ready: { url },
    announcement: [
      `Astrolabe API and pages at ${url}`,
      ...(newApiKey ? [`Admin API key, shown this once: ${newApiKey}`, `Open ${url}/?key=${newApiKey}`] : []),
    ],
    close: async () => {
      await app.close();
      await stores.close();
    },
  };
});
