import { Controller, Get, Header } from '@nestjs/common';
import { SandboxStore } from '../state/sandbox-store.js';

@Controller()
export class IndexPageController {
  constructor(private readonly store: SandboxStore) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  async show(): Promise<string> {
    const { customers, meters, products, prices, subscriptions, usage } = await this.store.settled();
    const rows = Object.entries({
      customers: customers.size,
      meters: meters.size,
      products: products.size,
      prices: prices.size,
      subscriptions: subscriptions.size,
      'rejected meter events': usage.rejected().length,
    }).map(([name, count]) => `<tr><th scope="row">${name}</th><td>${count}</td></tr>`);
    return `<!doctype html>
<html lang="en">
<title>Stripe sandbox: this is not Stripe</title>
<h1>This is not Stripe</h1>
<p>It is a stand-in for a part of Stripe's billing API, for development and tests. No money moves and nothing leaves this machine.
The only client it is made for is Stripe's SDK, with <code>host</code>, <code>port</code> and <code>protocol</code> set to this address
and any key that starts with <code>sk_test_</code>.</p>
<table><caption>What it holds</caption>${rows.join('')}</table>
<ul>
<li><a href="/sandbox/error_reports">/sandbox/error_reports</a>: meter events that were accepted and then left out, and why</li>
<li><a href="/sandbox/faults">/sandbox/faults</a>: faults asked for and not yet used up</li>
</ul>
</html>
`;
  }
}
