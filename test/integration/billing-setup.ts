import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import Stripe from 'stripe';
import { StripeGateway, stripeSettings } from '#billing';
import type { Decision } from '#outcomes';
import { derivedId, ManualClock } from '#platform';
import { startStripeSandbox, type StripeSandbox } from '../../apps/stripe-sandbox/src/start-stripe-sandbox.js';
import { billingServices } from '../support/billing-services.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

/*
 * Books, and a sandbox that they are told to, for the specs of billing: importing it opens both for the file that imports it.
 */

export const HOUR = 3_600_000;
export const TIME_ZONE = 'America/New_York';
export const METER = 'astrolabe_resolved_usd';
export const clock = new ManualClock('2026-11-10T12:00:00Z');

export let stores: TestStores;
let sandbox: StripeSandbox;
export let stripe: Stripe;
let count = 0;
/** Every test has an organization of its own, and so customers of its own in the sandbox. */
export let organizationId: string;

beforeAll(async () => {
  stores = await openTestStores();
  sandbox = await startStripeSandbox({ port: 0, directory: join(stores.config.DATA_DIR, 'stripe'), clock });
  stripe = new Stripe('sk_test_tamperer', { host: '127.0.0.1', port: sandbox.port, protocol: 'http', telemetry: false });
});
afterAll(async () => {
  await sandbox.close();
  await stores.close();
});
beforeEach(async () => {
  organizationId = `org${(count += 1)}`;
  const createdAt = clock.now();
  await stores.postgres.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt }).execute();
  await stores.postgres.insertInto('customers').values(['northwind', 'contoso'].map((id) => ({ organizationId, id, name: id.toUpperCase(), createdAt }))).execute();
});

export const gateway = () => new StripeGateway(stripeSettings({ ...stores.config, STRIPE_API_URL: sandbox.url }));

export const startServices = (stripeGateway = gateway()) => billingServices(stores.postgres, clock, stripeGateway);

export const idOf = (conversationId: string, revision: number) => derivedId('decision', organizationId, conversationId, 1, revision);

/** What of a decision no test here looks at. */
const elsewhere = { addition: '', quantityMicros: 1_000_000n, listed: null, finalAt: null, contractId: 'support', contractVersion: 1, agent: 'support', variant: 'base', locale: 'en', channel: 'chat', isTestTraffic: false, facts: {}, factsSha256: '', explanation: [] };

/** Writes a decision, as the job that decides would, and books it in the same transaction. */
export async function decideAndBook(given: Partial<Decision> & Pick<Decision, 'conversationId'>, times = 1) {
  const { revision = 1, conversationId } = given;
  const at = clock.now();
  const decision: Decision = {
    id: idOf(conversationId, revision),
    organizationId,
    ...elsewhere,
    ...{ episodeStartedAt: at, episodeEndedAt: at, decidedAt: at },
    episode: 1,
    revision,
    customerId: 'northwind',
    outcome: 'resolved',
    isBillable: true,
    reason: 'policy_held',
    grade: 'customer_confirmed',
    amountMicros: 990_000n,
    currency: 'USD',
    evidence: { traceIds: [`trace-${conversationId}`], signalIds: [] },
    modelCostUsd: '0.02',
    costUnknownSpans: 0,
    supersedes: revision > 1 ? idOf(conversationId, revision - 1) : null,
    ...given,
  };
  const { booking } = startServices();
  return stores.postgres.transaction().execute(async (tx) => {
    const { listed: _listed, ...row } = decision;
    const json = { facts: JSON.stringify(decision.facts), explanation: JSON.stringify(decision.explanation), evidence: JSON.stringify(decision.evidence) };
    await tx.insertInto('outcomeDecisions').values({ ...row, ...json }).onConflict((conflict) => conflict.doNothing()).execute();
    const results = [];
    for (let time = 0; time < times; time += 1) results.push((await booking.book(tx, [{ decision, superseded: null, timeZone: TIME_ZONE, price: { kind: 'flat', unitMicros: decision.amountMicros } }]))[0]?.kind);
    return results;
  });
}

export const notBillable = { isBillable: false, amountMicros: 0n, grade: null, reason: 'reopened', outcome: 'none' } as const;

export async function events() {
  return stores.postgres.selectFrom('meterEvents').select(['status', 'valueMicros', 'attempts', 'lastError']).where('organizationId', '=', organizationId).orderBy('sequence').execute();
}

export const statuses = async () => (await events()).map(({ status }) => status);

/** What the sandbox has counted for a customer in the whole of the tests' time, read with the SDK and not with our gateway. */
export async function stripeTotal(customerId = 'northwind') {
  const { directory } = startServices();
  const meter = await directory.find(organizationId, 'meter', METER);
  const customer = await directory.find(organizationId, 'customer', customerId);
  if (!meter || !customer) return null;
  const summaries = await stripe.billing.meters.listEventSummaries(meter, { customer, start_time: Date.UTC(2026, 9, 1) / 1000, end_time: Date.UTC(2027, 0, 1) / 1000 });
  return summaries.data.reduce((sum, { aggregated_value }) => sum + aggregated_value, 0);
}

export async function askForFault(fault: Record<string, unknown>) {
  const response = await fetch(`${sandbox.url}/sandbox/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) });
  expect(response.status).toBe(200);
}
