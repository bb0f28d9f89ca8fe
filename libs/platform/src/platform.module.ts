import { Global, Module, type DynamicModule } from '@nestjs/common';
import { AuditLog } from './audit/audit-log.js';
import { ApiKeyGuard } from './auth/api-key.guard.js';
import { ApiKeys } from './auth/api-keys.js';
import { ClickHouse } from './clickhouse/open-clickhouse.js';
import { Clock } from './clock.js';
import type { Config } from './config/config-schema.js';
import { CONFIG } from './config/load-config.js';
import { JobCursors } from './jobs/job-cursors.js';
import { JobLeases } from './jobs/job-leases.js';
import type { Logger } from './log.js';
import type { Stores } from './open-stores.js';
import { Postgres } from './postgres/open-postgres.js';

/** Nest token of the process's logger. */
export const LOGGER = Symbol('LOGGER');

export interface PlatformInput {
  config: Config;
  stores: Stores;
  clock: Clock;
  logger: Logger;
}

/** What every other module stands on. The stores are opened before Nest starts, so that a failure is one clear message. */
@Global()
@Module({})
export class PlatformModule {
  static with(input: PlatformInput): DynamicModule {
    const values = [
      { provide: CONFIG, useValue: input.config },
      { provide: Postgres, useValue: input.stores.postgres },
      { provide: ClickHouse, useValue: input.stores.clickhouse },
      { provide: Clock, useValue: input.clock },
      { provide: LOGGER, useValue: input.logger },
    ];
    const services = [ApiKeys, ApiKeyGuard, AuditLog, JobLeases, JobCursors];
    return { module: PlatformModule, providers: [...values, ...services], exports: [...values.map((value) => value.provide), ...services] };
  }
}
