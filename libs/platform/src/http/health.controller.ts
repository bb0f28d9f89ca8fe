import { Controller, Get } from '@nestjs/common';
import { checkClickHouse, ClickHouse } from '../clickhouse/open-clickhouse.js';
import { DomainError } from '../errors.js';
import { checkPostgres, Postgres } from '../postgres/open-postgres.js';

/** `/healthz`: the process answers. `/readyz`: it can do its work, which needs both stores; 503 with what is missing otherwise. */
@Controller()
export class HealthController {
  constructor(
    private readonly db: Postgres,
    private readonly clickhouse: ClickHouse,
  ) {}

  @Get('healthz')
  health() {
    return { status: 'ok' };
  }

  @Get('readyz')
  async ready() {
    await checkPostgres(this.db).catch(notReady);
    await checkClickHouse(this.clickhouse).catch(notReady);
    return { status: 'ready' };
  }
}

/** Whatever is missing, and whether or not it will come by itself, the answer is 503: the process is up and cannot do its work. */
export function notReady(error: unknown): never {
  throw error instanceof DomainError ? new DomainError({ kind: 'unavailable', code: error.code, message: error.message, cause: error }) : error;
}
