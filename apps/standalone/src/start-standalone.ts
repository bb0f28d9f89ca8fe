import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, AuditLog, NestLog, PlatformModule, ProblemFilter, SystemClock, createLogger, ensureFirstKey, httpAdapter, listen, openStores, type Config, type Logger } from '#platform';
import { OtlpIntake } from '#traces';
import { API_BODY_BYTES_MAX, ApiModule } from '../../api/src/api.module.js';
import { startReceivers } from '../../ingest/src/start-receivers.js';
import { startStripeSandbox } from '../../stripe-sandbox/src/start-stripe-sandbox.js';
import { WorkerModule } from '../../worker/src/worker.module.js';

class StandaloneModule {}

export interface Standalone {
  url: string;
  /** Where OTLP/gRPC is taken, host:port; undefined where it is switched off. */
  grpcAddress: string | undefined;
  /** Where the stand-in for Stripe answers; undefined when Stripe itself, or another address, is configured. */
  sandboxUrl: string | undefined;
  /** The admin key that was made on the first start; shown once. */
  newApiKey: string | undefined;
  close(): Promise<void>;
}

/**
 * Receiver, API and worker in one process, on embedded stores unless the configuration names servers, and on the Stripe sandbox unless it
 * has a key. What was started is stopped again, in reverse, when a later step fails.
 */
export async function startStandalone(configured: Config): Promise<Standalone> {
  const logger = createLogger(configured.LOG_LEVEL, 'astrolabe');
  const clock = new SystemClock();
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const stores = await openStores(configured);
    closers.push(() => stores.close());
    const sandbox = usesSandbox(configured)
      ? await startStripeSandbox({ host: '127.0.0.1', port: configured.STRIPE_SANDBOX_PORT, directory: join(configured.DATA_DIR, 'stripe-sandbox') })
      : undefined;
    if (sandbox) closers.push(() => sandbox.close());
    const config = sandbox ? { ...configured, STRIPE_API_URL: sandbox.url } : configured;

    const intake = await OtlpIntake.open({ config, clickhouse: stores.clickhouse, postgres: stores.postgres, clock, logger });
    closers.push(() => intake.close());
    const app = await NestFactory.create<NestFastifyApplication>(
      { module: StandaloneModule, imports: [PlatformModule.with({ config, stores, clock, logger }), ApiModule, WorkerModule] },
      httpAdapter({ bodyLimit: API_BODY_BYTES_MAX }),
      { logger: new NestLog(logger), abortOnError: false },
    );
    closers.push(() => app.close());
    app.useGlobalFilters(new ProblemFilter(logger));
    const keys = app.get(ApiKeys);
    const receivers = await startReceivers(app.getHttpAdapter().getInstance(), { intake, keys, clock, config, logger });
    closers.push(() => receivers.close());
    const newApiKey = await ensureFirstKey(keys, app.get(AuditLog), config);
    const url = await listen(app, config.HOST, config.PORT);
    logStart(logger, config, url);
    return { url, grpcAddress: receivers.grpcAddress, sandboxUrl: sandbox?.url, newApiKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function usesSandbox(config: Config): boolean {
  return config.STRIPE_SECRET_KEY === undefined && config.STRIPE_API_URL === undefined;
}

function logStart(logger: Logger, config: Config, url: string): void {
  logger.info({ url, postgres: config.DATABASE_URL ? 'server' : 'embedded', clickhouse: config.CLICKHOUSE_URL ? 'server' : 'embedded' }, 'astrolabe is up');
}
