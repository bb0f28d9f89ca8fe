import { Body, Controller, Get, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, Caller, Clock, NeedsScope, Postgres, parseInput, toWire, type Principal } from '#platform';
import { ClosingService } from '#billing';
import { periodLabel, PeriodStore, periodStatus, ProjectionStore } from '#ledger';

const closeBody = z.strictObject({ customer: z.string().min(1).optional() }).optional();
const customerQuery = z.strictObject({ customer: z.string().min(1).optional() });

/** The books themselves: accounts, the months of customers and whether they are locked, and whether sums and snapshots are what they are of. */
@Controller('api/v1')
@UseGuards(ApiKeyGuard)
@NeedsScope('read')
export class BooksController {
  constructor(
    private readonly db: Postgres,
    private readonly periods: PeriodStore,
    private readonly projections: ProjectionStore,
    private readonly closing: ClosingService,
    private readonly clock: Clock,
  ) {}

  /** Months, oldest first; `?customer=` for one. `closeError` says why the last attempt to close one failed. */
  @Get('periods')
  async list(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const { customer: customerId } = parseInput(customerQuery, query, 'the query');
    const now = this.clock.now();
    const periods = await this.periods.list(this.db, { organizationId, ...(customerId !== undefined && { customerId }) });
    return { periods: toWire(periods.map((one) => ({ ...one, period: { label: periodLabel(one.period), ...one.period }, status: periodStatus(one, now) }))) };
  }

  /** Closes what is over now, and not at the worker's next round. Says what became of each period; one that fails stops no other customer's. */
  @Post('periods/close')
  @HttpCode(200)
  @NeedsScope('operate')
  async close(@Caller() { organizationId }: Principal, @Body() body: unknown) {
    const { customer: customerId } = parseInput(closeBody, body, 'the request') ?? {};
    return { periods: toWire(await this.closing.closeDue(organizationId, { customerId })) };
  }

  /** Works out every locked period anew, and says which is not what was locked any more. */
  @Get('periods/verify')
  async verifyPeriods(@Caller() { organizationId }: Principal) {
    return this.closing.verifyLocked(organizationId);
  }

  /** Balances by account and currency, of all time. */
  @Get('ledger/balances')
  async balances(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const { customer: customerId } = parseInput(customerQuery, query, 'the query');
    return { balances: toWire(await this.projections.balances(this.db, { organizationId, ...(customerId !== undefined && { customerId }) })) };
  }

  /** Adds up every posting anew, and says which kept sum is another. */
  @Get('ledger/verify')
  async verifyLedger(@Caller() { organizationId }: Principal) {
    return { differences: await this.projections.differences(this.db, { organizationId }) };
  }

  /** Puts what postings add up to in the place of the sums that are kept. */
  @Post('ledger/rebuild')
  @HttpCode(200)
  @NeedsScope('admin')
  async rebuild(@Caller() { organizationId }: Principal) {
    const replaced = await this.closing.rebuildProjections(organizationId);
    return { replaced };
  }
}
