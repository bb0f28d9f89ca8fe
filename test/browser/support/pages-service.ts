import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BookingService, DeliveryService, ReconciliationService } from '#billing';
import { ContractStore, DecisionService } from '#outcomes';
import { ApiKeys, AuditLog, PlatformModule, ProblemFilter, createLogger, listen, type ManualClock } from '#platform';
import { RolloutStore } from '#rollouts';
import { OtlpIntake, TelemetrySettingsService } from '#traces';
import { EvalsApiModule } from '../../../apps/api/src/evals/evals-api.module.js';
import { PagesApiModule } from '../../../apps/api/src/pages/pages-api.module.js';
import { startStripeSandbox } from '../../../apps/stripe-sandbox/src/start-stripe-sandbox.js';
import { openTestStores } from '../../support/test-stores.js';

export interface PagesService {
  url: string;
  clock: ManualClock;
  intake: OtlpIntake;
  keys: ApiKeys;
  audit: AuditLog;
  contracts: ContractStore;
  rollouts: RolloutStore;
  telemetry: TelemetrySettingsService;
  /** Loads what was accepted, decides and books it, tells the Stripe sandbox and reads that back: what the jobs of the worker do. */
  settle(organizationId: string): Promise<void>;
  close(): Promise<void>;
}

/** The pages, and the REST API of runs, on stores and a Stripe sandbox of their own. What was started is stopped when a later step fails. */
export async function startPagesService(clock: ManualClock): Promise<PagesService> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const sandboxDirectory = mkdtempSync(join(tmpdir(), 'astrolabe-sandbox-'));
    closers.push(async () => rmSync(sandboxDirectory, { recursive: true, force: true }));
    const sandbox = await startStripeSandbox({ port: 0, directory: sandboxDirectory, clock });
    closers.push(() => sandbox.close());
    const stores = await openTestStores({ STRIPE_API_URL: sandbox.url });
    closers.push(() => stores.close());
    const { config } = stores;
    const logger = createLogger('silent', 'test');
    const intake = await OtlpIntake.open({ config, clickhouse: stores.clickhouse, postgres: stores.postgres, clock, logger });
    closers.push(() => intake.close());
    const root = { module: class Root {}, imports: [PlatformModule.with({ config, stores, clock, logger }), EvalsApiModule, PagesApiModule] };
    const app = await NestFactory.create<NestFastifyApplication>(root, new FastifyAdapter(), { logger: false });
    closers.push(() => app.close());
    app.useGlobalFilters(new ProblemFilter(logger));
    const url = await listen(app, '127.0.0.1', 0);
    return { url, clock, intake, ...servicesOf(app, intake, clock), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function servicesOf(app: NestFastifyApplication, intake: OtlpIntake, clock: ManualClock): Pick<PagesService, 'keys' | 'audit' | 'contracts' | 'rollouts' | 'telemetry' | 'settle'> {
  const [decisions, booking, delivery, reconciliation] = [app.get(DecisionService), app.get(BookingService), app.get(DeliveryService), app.get(ReconciliationService)];
  return {
    keys: app.get(ApiKeys),
    audit: app.get(AuditLog),
    contracts: app.get(ContractStore),
    rollouts: app.get(RolloutStore),
    telemetry: app.get(TelemetrySettingsService),
    settle: async (organizationId) => {
      await intake.drain();
      await decisions.run(organizationId, async (tx, changes) => {
        await booking.book(tx, changes);
      });
      await deliverAll(delivery, organizationId, clock);
      await reconciliation.reconcile(organizationId);
    },
  };
}

/** Two meters of a customer whom Stripe does not know yet may meet over its creation; the one that loses is tried again later. */
async function deliverAll(delivery: DeliveryService, organizationId: string, clock: ManualClock): Promise<void> {
  const ATTEMPTS_MAX = 10;
  const BACK_OFF_MS = 60_000;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { retry, ambiguous } = await delivery.deliverDue(organizationId);
    if (retry + ambiguous === 0) return;
    clock.advance(BACK_OFF_MS);
  }
  throw new Error(`the outbox was not empty after ${ATTEMPTS_MAX} attempts`);
}
