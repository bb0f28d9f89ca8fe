import { Get, Query } from '@nestjs/common';
import { LossService } from '#outcomes';
import { Caller, Clock, parseInput, type Principal } from '#platform';
import { lossQuery } from '../../outcomes/loss-query.js';
import { PageController } from '../shell/page-controller.js';
import { LossesPage } from './losses-page.js';

@PageController('losses')
export class LossPagesController {
  constructor(
    private readonly losses: LossService,
    private readonly clock: Clock,
  ) {}

  @Get()
  async read(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const filter = parseInput(lossQuery(this.clock.now()), query, 'the address');
    return <LossesPage organizationId={organizationId} filter={filter} losses={await this.losses.read(organizationId, filter)} />;
  }
}
