import { Controller, Get } from '@nestjs/common';
import { checkClickHouse, ClickHouse } from '../clickhouse/open-clickhouse.js';
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
    await checkPostgres(this.db);
    await checkClickHouse(this.clickhouse);
    return { status: 'ready' };
  }
}
