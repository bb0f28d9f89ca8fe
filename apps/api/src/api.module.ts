import { Module } from '@nestjs/common';
import { HealthController } from '#platform';
import { AuditApiModule } from './audit/audit-api.module.js';
import { BillingApiModule } from './billing/billing-api.module.js';
import { EvalsApiModule } from './evals/evals-api.module.js';
import { KeysApiModule } from './keys/keys-api.module.js';
import { OutcomesApiModule } from './outcomes/outcomes-api.module.js';
import { PagesApiModule } from './pages/pages-api.module.js';
import { RolloutsApiModule } from './rollouts/rollouts-api.module.js';
import { TelemetryApiModule } from './telemetry/telemetry-api.module.js';

/** Largest REST body: a trial of a simulation brings its transcript. */
export const API_BODY_BYTES_MAX = 8 * 1024 * 1024;

/** Everything that is asked over HTTP: REST, OFREP, pages, health. */
@Module({ imports: [OutcomesApiModule, BillingApiModule, EvalsApiModule, RolloutsApiModule, KeysApiModule, TelemetryApiModule, AuditApiModule, PagesApiModule], controllers: [HealthController] })
export class ApiModule {}
