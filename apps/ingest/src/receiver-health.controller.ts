import { Controller, Get } from '@nestjs/common';
import { DomainError, Postgres, checkPostgres, notReady } from '#platform';
import { OtlpIntake } from '#traces';

/**
 * `/readyz` of a receiver alone: it can take spans, which needs PostgreSQL, to know who sends, and room in the spool. ClickHouse is told of and
 * not needed, and not asked either: a balancer that took receivers out because it is away would turn its outage into one of ours.
 */
@Controller()
export class ReceiverHealthController {
  constructor(
    private readonly db: Postgres,
    private readonly intake: OtlpIntake,
  ) {}

  @Get('healthz')
  health() {
    return { status: 'ok' };
  }

  @Get('readyz')
  async ready() {
    await checkPostgres(this.db).catch(notReady);
    const full = this.intake.whyFull();
    if (full !== undefined) throw new DomainError({ kind: 'unavailable', code: 'spool_full', message: full });
    return { status: 'ready', clickhouse: this.intake.figures().isStoreAway ? 'away' : 'ready' };
  }
}
