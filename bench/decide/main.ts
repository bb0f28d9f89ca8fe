import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BookedStore, BookingService, Books, OutboxStore } from '#billing';
import { LedgerStore, PeriodStore, ProjectionStore } from '#ledger';
import { ContractStore, DecisionService, DecisionStore, PendingStore, ShadowService, ShadowStore, TrackingService } from '#outcomes';
import { JobCursors, SystemClock, createLogger, loadConfig, openStores } from '#platform';
import { TraceReader } from '#traces';
import { generateConversations } from './conversations.js';

/*
 * npm run bench:decide [-- --json] [--conversations 1000000]
 *
 * Conversations of ten spans, made inside the engine, decided, booked and put in the outbox on embedded stores; then half as many, to see how
 * time grows, and everything once more, to see what a pass over nothing new costs. One process, one worker.
 */

const DAY_MS = 86_400_000;
// Made at once: half a million spans.
const SLICE = 50_000;
const CONTRACT = `contract: support
version: 1
customer: { id: acme, name: Acme }
agents: [support]
currency: USD
time_zone: America/New_York
quiet_window: 1h
exclusions:
  - handed_over
  - negative_rating
policies:
  - outcome: refunded
    title: A refund carried out
    when: signals.exists(s, s.name == "refund" && s.source == "system")
    unless: tool_calls.exists(t, !t.succeeded)
    grade: system_verified
    price: "1.80"
  - outcome: resolved
    title: A question answered
    when: turns > 0
    grade: 'confirmed ? "customer_confirmed" : "inferred"'
    price: { customer_confirmed: "0.99", inferred: "0.40" }
`;

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false }, conversations: { type: 'string', default: '1000000' } } });
const say = (line: string) => process.stderr.write(`${line}\n`);

const directory = mkdtempSync(join(tmpdir(), 'astrolabe-bench-decide-'));
const stores = await openStores(loadConfig({ DATA_DIR: directory, LOG_LEVEL: 'silent' }));
const { postgres, clickhouse } = stores;
const clock = new SystemClock();
const contracts = new ContractStore(postgres, clock);
const decisions = new DecisionStore(postgres);
const logger = createLogger('silent', 'bench');
const shadowOutcomes = new ShadowStore(postgres, clock, contracts);
const shadows = new ShadowService(shadowOutcomes, contracts, decisions, logger);
const [traces, pending] = [new TraceReader(clickhouse), new PendingStore(postgres)];
const tracking = new TrackingService(postgres, clock, new JobCursors(postgres), traces, contracts, pending, decisions);
const decider = new DecisionService(postgres, clock, tracking, traces, contracts, pending, decisions, shadows, shadowOutcomes, logger);
const [projections, periods] = [new ProjectionStore(), new PeriodStore()];
const ledger = new LedgerStore(projections);
const booking = new BookingService(new BookedStore(ledger), periods, new Books(ledger, projections, new OutboxStore(postgres), clock));

let rssMiBMax = 0;
const watch = setInterval(() => (rssMiBMax = Math.max(rssMiBMax, process.memoryUsage.rss() / 2 ** 20)), 250);

async function decide(organizationId: string): Promise<{ decided: number; seconds: number }> {
  const since = performance.now();
  const decided = await decider.run(organizationId, async (tx, changes) => void (await booking.book(tx, changes)));
  return { decided, seconds: (performance.now() - since) / 1000 };
}

async function fill(organizationId: string, conversations: number): Promise<void> {
  await postgres.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt: clock.now() }).execute();
  await contracts.apply(organizationId, CONTRACT, 'support.yaml');
  await contracts.activate(organizationId, 'support', 1);
  const startedAt = new Date(clock.now().getTime() - 10 * DAY_MS);
  for (let from = 0; from < conversations; from += SLICE) {
    await clickhouse.run(generateConversations({ organizationId, customerId: 'acme', from, conversations: Math.min(SLICE, conversations - from), startedAt }));
  }
  await merged();
}

/** The engine tidies up after so much at once, with the processor that is to be measured. */
async function merged(): Promise<void> {
  for (;;) {
    const [row] = await clickhouse.rows<{ merges: string }>({ query: 'SELECT count() AS merges FROM system.merges', query_params: {} });
    if (Number(row?.merges ?? 0) === 0) return;
    await setTimeout(500);
  }
}

try {
  const conversations = Number(options.conversations);
  say(`${conversations} conversations of 10 spans, and half as many; ${cpus().length} cores, ${cpus()[0]?.model ?? ''}`);
  await fill('half', conversations / 2);
  const half = await decide('half');
  say(`${half.decided} decided in ${half.seconds.toFixed(1)} s: ${(half.decided / half.seconds).toFixed(0)} a second`);
  await fill('whole', conversations);
  const whole = await decide('whole');
  say(`${whole.decided} decided in ${whole.seconds.toFixed(1)} s: ${(whole.decided / whole.seconds).toFixed(0)} a second`);
  if (half.decided !== conversations / 2 || whole.decided !== conversations) throw new Error('not every conversation was decided');
  const again = await decide('whole');
  say(`nothing new: ${again.decided} decided in ${again.seconds.toFixed(2)} s`);
  const figures = {
    conversationsPerSecond: Math.round(whole.decided / whole.seconds),
    growthOnDoubling: Number((whole.seconds / half.seconds).toFixed(2)),
    secondPassShare: Number((again.seconds / whole.seconds).toFixed(4)),
    rssMiBMax: Math.round(rssMiBMax),
  };
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name} ${value}\n`);
} finally {
  clearInterval(watch);
  await stores.close();
  rmSync(directory, { recursive: true, force: true });
}
