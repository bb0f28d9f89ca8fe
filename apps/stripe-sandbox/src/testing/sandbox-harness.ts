import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { ManualClock } from '#platform';
import { startStripeSandbox, type StripeSandbox, type StripeSandboxOptions } from '../start-stripe-sandbox.js';

/** 2026-11-16, on a minute. */
export const NOW = Date.parse('2026-11-16T10:00:00Z') / 1_000;

/** Unix seconds of a day, or of a time of it, in UTC. */
export const at = (text: string): number => Date.parse(text.includes('T') ? `${text}Z` : `${text}T00:00:00Z`) / 1_000;

export type HarnessOptions = { callsPerSecondMax?: number } & Pick<StripeSandboxOptions, 'behaviour' | 'tickIntervalMs'>;

/** A sandbox on its own directory, and Stripe's own SDK as its client. For specs. */
export class SandboxHarness {
  readonly clock = new ManualClock(new Date(NOW * 1_000));
  #sandbox: StripeSandbox | undefined;

  private constructor(
    readonly directory: string,
    private readonly options: HarnessOptions,
  ) {}

  /** Without a timer unless asked for: what is due is carried out before calls, and when a spec says `tick`. */
  static async start(options: HarnessOptions = {}): Promise<SandboxHarness> {
    const harness = new SandboxHarness(await mkdtemp(join(tmpdir(), 'stripe-sandbox-')), options);
    await harness.restart();
    return harness;
  }

  get sandbox(): StripeSandbox {
    if (!this.#sandbox) throw new Error('The sandbox is stopped.');
    return this.#sandbox;
  }

  /** Without retries unless asked for, so that a spec sees each answer. */
  client(config: { maxNetworkRetries?: number; apiKey?: string } = {}): Stripe {
    return new Stripe(config.apiKey ?? 'sk_test_harness', {
      host: '127.0.0.1',
      port: this.sandbox.port,
      protocol: 'http',
      maxNetworkRetries: config.maxNetworkRetries ?? 0,
      telemetry: false,
    });
  }

  async restart(): Promise<void> {
    await this.#sandbox?.close();
    const { callsPerSecondMax, behaviour = {}, tickIntervalMs = 0 } = this.options;
    const { directory, clock } = this;
    this.#sandbox = await startStripeSandbox({ port: 0, directory, clock, limits: { callsPerSecondMax }, behaviour, tickIntervalMs });
  }

  async stop(): Promise<void> {
    await this.#sandbox?.close();
    this.#sandbox = undefined;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true });
  }

  /** A call of `/sandbox/...`, outside Stripe's API. */
  async control<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const request = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${this.sandbox.url}/sandbox/${path}`, request);
    return (await response.json()) as Answer;
  }

  /** Carries out everything due, and waits for due webhooks. */
  async tick(): Promise<void> {
    await this.control('POST', 'tick');
  }

  /** Sets the clock to a time ahead, in unix seconds. */
  moveTo(at: number): void {
    this.clock.advance(at * 1_000 - this.clock.now().getTime());
  }

  /** A meter, a customer, a price and a subscription since the first of the month. */
  async seed(options: { formula?: 'sum' | 'count' | 'last'; unitAmountDecimal?: string; testClock?: string; startedAt?: number } = {}) {
    const stripe = this.client();
    const meter = await stripe.billing.meters.create({
      display_name: 'Outcomes',
      event_name: 'outcomes',
      default_aggregation: { formula: options.formula ?? 'sum' },
    });
    const customer = await stripe.customers.create({ name: 'Acme', metadata: { ours: 'cust_1' }, ...(options.testClock && { test_clock: options.testClock }) });
    const product = await stripe.products.create({ name: 'Resolved cases' });
    const price = await stripe.prices.create({
      product: product.id,
      currency: 'usd',
      recurring: { interval: 'month', meter: meter.id, usage_type: 'metered' },
      unit_amount_decimal: Stripe.Decimal.from(options.unitAmountDecimal ?? '99'),
    });
    const subscription = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: price.id }],
      backdate_start_date: options.startedAt ?? at('2026-11-01'),
    });
    const send = (value: string, more: Partial<Stripe.Billing.MeterEventCreateParams> = {}, options?: Stripe.RequestOptions) =>
      stripe.billing.meterEvents.create({ event_name: 'outcomes', payload: { stripe_customer_id: customer.id, value }, ...more }, options);
    /** The value over the day around NOW. */
    const total = async (): Promise<number> => {
      const day = { start_time: NOW - (NOW % 86_400), end_time: NOW - (NOW % 86_400) + 86_400 };
      const { data } = await this.client().billing.meters.listEventSummaries(meter.id, { customer: customer.id, ...day });
      return data[0]?.aggregated_value ?? Number.NaN;
    };
    return { stripe, meter, customer, product, price, subscription, send, total };
  }
}
