import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, AuditLog, NestLog, PlatformModule, ProblemFilter, SystemClock, createLogger, ensureBootstrapKey, httpAdapter, listen, openStores, serveProcess } from '#platform';
import { OtlpIntake } from '#traces';
import { ReceiverHealthController } from './receiver-health.controller.js';
import { startReceivers } from './start-receivers.js';

class IngestModule {}

// The receiver alone: it owns its data directory, which holds the spool, and talks to the stores' servers, which may be away when it starts:
// PostgreSQL is waited for, and ClickHouse is not needed to acknowledge.
await serveProcess(async (config) => {
  const clock = new SystemClock();
  const logger = createLogger(config.LOG_LEVEL, 'astrolabe-ingest');
  const stores = await openStores(config, { ownsDataDirectory: true, waitingLogger: logger });
  const intake = await OtlpIntake.open({ config, clickhouse: stores.clickhouse, postgres: stores.postgres, clock, logger });
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: IngestModule,
      imports: [PlatformModule.with({ config, stores, clock, logger })],
      controllers: [ReceiverHealthController],
      providers: [{ provide: OtlpIntake, useValue: intake }],
    },
    httpAdapter(),
    { logger: new NestLog(logger), abortOnError: false },
  );
  app.useGlobalFilters(new ProblemFilter(logger));
  const keys = app.get(ApiKeys);
  // A key of its own making would have no use here: who sends must know it, and the API is where keys are made.
  await ensureBootstrapKey(keys, app.get(AuditLog), config);
  const receivers = await startReceivers(app.getHttpAdapter().getInstance(), { intake, keys, clock, config, logger });
  const url = await listen(app, config.HOST, config.PORT);
  return {
    ready: { url, grpcAddress: receivers.grpcAddress },
    announcement: [`OTLP/HTTP at ${url}/v1/traces and /v1/logs${receivers.grpcAddress ? `, OTLP/gRPC at ${receivers.grpcAddress}` : ''}`],
    close: async () => {
      await receivers.close();
      await app.close();
      await intake.close();
      await stores.close();
    },
  };
});
