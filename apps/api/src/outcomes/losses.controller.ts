import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { LossService } from '#outcomes';
import { ApiKeyGuard, Caller, Clock, NeedsScope, parseInput, toWire, type Principal } from '#platform';
import { lossQuery } from './loss-query.js';

/** Why what was not paid for was not. Amounts are strings of digits in micros. */
@Controller('api/v1/outcomes/losses')
@UseGuards(ApiKeyGuard)
export class LossesController {
  constructor(
    private readonly losses: LossService,
    private readonly clock: Clock,
  ) {}

  /** Of episodes that ended in a window, the last 30 days unless it is given: reasons by what they cost, and what people did after hand-offs. */
  @Get()
  @NeedsScope('read')
  async read(@Caller() caller: Principal, @Query() query: unknown) {
    const filter = parseInput(lossQuery(this.clock.now()), query, 'the query');
    return toWire({ ...filter, ...(await this.losses.read(caller.organizationId, filter)) });
  }
}
