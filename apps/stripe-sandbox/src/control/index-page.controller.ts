import { Controller, Get, Header } from '@nestjs/common';
import { SandboxStore } from '../state/sandbox-store.js';

@Controller()
export class IndexPageController {
  constructor(private readonly store: SandboxStore) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  async show(): Promise<string> {
    const state = await this.store.settled();
    const rows = Object.entries({
      customers: state.customers.size,
      meters: state.meters.size,
      products: state.products.size,
      prices: state.prices.size,
      subscriptions: state.subscriptions.size,
      invoices: state.invoices.size,
      'credit notes': state.creditNotes.size,
      'test clocks': state.testClocks.size,
      events: state.events.size + state.thinEvents.size,
      'webhook endpoints': state.webhookEndpoints.size + state.eventDestinations.size,
      'webhook deliveries still to be made': [...state.deliveries.pending()].length,
      'rejected meter events': state.usage.rejected().length,
    }).map(([name, count]) => `<tr><th scope="row">${name}</th><td>${count}</td></tr>`);
    return `<!doctype html>
<html lang="en">
<title>Stripe sandbox: this is not Stripe</title>
<h1>This is not Stripe</h1>
<p>It is a stand-in for a part of Stripe's billing API, for development and tests. No money moves and nothing leaves this machine: webhooks go to localhost only.
The only client it is made for is Stripe's SDK, with <code>host</code>, <code>port</code> and <code>protocol</code> set to this address
and any key that starts with <code>sk_test_</code>.</p>
<table><caption>What it holds</caption>${rows.join('')}</table>
<ul>
<li><a href="/sandbox/error_reports">/sandbox/error_reports</a>: meter events that were accepted and then left out, and why</li>
<li><a href="/sandbox/deliveries">/sandbox/deliveries</a>: webhooks, with each attempt to deliver them</li>
<li><a href="/sandbox/behaviour">/sandbox/behaviour</a>: how long it waits before it finalises and counts</li>
<li><a href="/sandbox/faults">/sandbox/faults</a>: faults asked for and not yet used up</li>
</ul>
</html>
`;
  }
}
