import { Body, Controller, Delete, Get, HttpCode, Post, Put } from '@nestjs/common';
import { readParams } from '../http/read-params.js';
import { reportErrors } from '../meters/error-reports.js';
import { SandboxBehaviour, behaviourParams } from '../sandbox-behaviour.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { TimeKeeper } from '../time/time-keeper.js';
import { WebhookFaults, webhookFaultParams } from '../webhooks/webhook-faults.js';
import { Faults, faultParams } from '../writes/faults.js';

/** What Stripe does not have: let time pass, ask for faults, and look at what goes on. JSON, and no key: it listens on loopback. */
@Controller('sandbox')
export class SandboxController {
  constructor(
    private readonly store: SandboxStore,
    private readonly timeKeeper: TimeKeeper,
    private readonly behaviour: SandboxBehaviour,
    private readonly faults: Faults,
    private readonly webhookFaults: WebhookFaults,
  ) {}

  /** Answers when everything due has been carried out, and every due delivery was attempted. */
  @Post('tick')
  @HttpCode(200)
  async tick() {
    await this.timeKeeper.tick();
    return { object: 'sandbox.tick', now: this.store.now(), pending_deliveries: [...this.store.state.deliveries.pending()].length };
  }

  @Get('error_reports')
  async errorReports() {
    const { usage } = await this.store.settled();
    return { object: 'list', data: reportErrors(usage.rejected()) };
  }

  @Get('deliveries')
  async deliveries() {
    const { deliveries } = await this.store.settled();
    return { object: 'list', data: [...deliveries.values()].reverse() };
  }

  @Get('behaviour')
  showBehaviour() {
    return this.behaviour.show();
  }

  @Put('behaviour')
  changeBehaviour(@Body() body: unknown) {
    this.behaviour.change(readParams(behaviourParams, body ?? {}));
    return this.behaviour.show();
  }

  @Post('faults')
  @HttpCode(200)
  addFault(@Body() body: unknown) {
    if (typeof body === 'object' && body !== null && 'webhooks' in body) {
      this.webhookFaults.set(readParams(webhookFaultParams, body));
      return { webhooks: this.webhookFaults.show() };
    }
    return this.faults.add(readParams(faultParams, body ?? {}));
  }

  @Get('faults')
  listFaults() {
    return { object: 'list', data: this.faults.list(), webhooks: this.webhookFaults.show() };
  }

  @Delete('faults')
  clearFaults() {
    this.faults.clear();
    this.webhookFaults.clear();
    return { object: 'list', data: [] };
  }
}
