import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, Caller, NeedsScope, parseInput, toWire, type Principal } from '#platform';
import { InvoiceService, InvoiceStore, ProvisioningService } from '#billing';

const applyBody = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the sha256 of the plan that was looked at').optional() }).optional();

/** What the active contracts need at Stripe: a plan, and carrying it out. And what Stripe invoices. */
@Controller('api/v1/stripe')
@UseGuards(ApiKeyGuard)
@NeedsScope('operate')
export class StripeController {
  constructor(
    private readonly provisioning: ProvisioningService,
    private readonly invoices: InvoiceService,
    private readonly invoiceStore: InvoiceStore,
  ) {}

  /** Asks nothing of Stripe. */
  @Get('plan')
  async plan(@Caller() { organizationId }: Principal) {
    return this.provisioning.plan(organizationId);
  }

  /** Carries the plan out; with `{"sha256"}` only if it still is the one that was looked at. 409 `plan_changed`, `stripe_refused`, 503 `stripe_unavailable`. */
  @Post('plan/apply')
  @HttpCode(200)
  async apply(@Caller() { organizationId }: Principal, @Body() body: unknown) {
    const { sha256 } = parseInput(applyBody, body, 'the request') ?? {};
    return this.provisioning.apply(organizationId, sha256);
  }

  /** Invoices as they were last read, with the lines in which one differs from what its meters were told. */
  @Get('invoices')
  @NeedsScope('read')
  async list(@Caller() { organizationId }: Principal) {
    return { invoices: toWire(await this.invoiceStore.list(organizationId)) };
  }

  /** Reads what is new at Stripe, compares every draft whose range is over, and finalises those that agree. */
  @Post('invoices/settle')
  @HttpCode(200)
  async settle(@Caller() { organizationId }: Principal) {
    await this.invoices.discover(organizationId);
    return { drafts: toWire(await this.invoices.settleDrafts(organizationId)) };
  }
}
