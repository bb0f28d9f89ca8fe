import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, Caller, Clock, DomainError, NeedsScope, parseInput, toWire, type Principal } from '#platform';
import { MarginReader, OutboxStore, ReconciliationService } from '#billing';

const marginSchema = z.object({ customer: z.string().min(1).optional() });

/** Margin, and how far delivery to Stripe has come. Amounts are strings of digits in micros. */
@Controller('api/v1')
@UseGuards(ApiKeyGuard)
@NeedsScope('read')
export class BillingController {
  constructor(
    private readonly margins: MarginReader,
    private readonly reconciliations: ReconciliationService,
    private readonly outbox: OutboxStore,
    private readonly clock: Clock,
  ) {}

  /** By customer and currency; `?customer=` for one. `unknownSpans` says how many model calls are in no cost. */
  @Get('margin')
  async margin(@Caller() caller: Principal, @Query() query: unknown) {
    const { customer } = parseInput(marginSchema, query, 'the query');
    return { margins: toWire(await this.margins.read(caller.organizationId, { customerId: customer })) };
  }

  /** What the latest comparison of evidence, ledger, outbox and Stripe found. 404 `no_reconciliation` before the first. */
  @Get('reconciliations/latest')
  async latestReconciliation(@Caller() caller: Principal) {
    const latest = await this.reconciliations.latest(caller.organizationId);
    if (latest) return toWire(latest);
    throw new DomainError({ kind: 'not_found', code: 'no_reconciliation', message: 'Nothing has been reconciled yet: the worker does it every RECONCILE_EVERY_MS' });
  }

  /** Meter events by status, with the age of the oldest: a `pending` one that grows old, or any `failed` one, needs a look. */
  @Get('billing/outbox')
  async outboxCounts(@Caller() caller: Principal) {
    const nowMs = this.clock.now().getTime();
    const counts = await this.outbox.counts(caller.organizationId);
    return { events: toWire(counts.map((count) => ({ ...count, oldestAgeMs: nowMs - count.oldestOccurredAt.getTime() }))) };
  }
}
