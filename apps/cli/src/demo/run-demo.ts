import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiRunRecorder, parseSuite, runSuite, type RunComparison, type RunVariant } from '#evals';
import { DomainError, SystemClock, projectRoot, type Scope } from '#platform';
import { parseDocument } from 'yaml';
import type { Progress } from '../progress.js';
import { ServiceClient } from '../service-client.js';
import { demoFigures, type DemoFigures, type MarginAnswer, type OutcomesAnswer, type StatementAnswer, type UsageAnswer } from './demo-figures.js';
import { demoAdminKey, demoKey } from './demo-key.js';
import { playSampleAgent, serveSampleAgent, startService, type RunningService } from './demo-processes.js';

/*
 * The main job, with the programs that do it in production: the service, an agent that sends it traces, a suite that is played against two
 * variants. Nothing is special-cased for the demo but three settings: the contract's quiet window, how often jobs run, and the seed.
 * Running it again meets the same conversations and runs, and sends and plays nothing twice.
 */

const CUSTOMER = 'northwind-travel';
const FLAG = 'northwind-concierge.reason';
const QUIET_WINDOW = '3s';
const SETTLE_TIMEOUT_MS = 90_000;
const PRODUCTION = 'production';
const VARIANTS: { base: Required<RunVariant>; candidate: Required<RunVariant> } = {
  base: { name: 'base', value: { model: 'gpt-4.1', promptVersion: 'v1' } },
  candidate: { name: 'candidate', value: { model: 'gpt-4.1-mini', promptVersion: 'v2' } },
};

export interface DemoOptions {
  dataDirectory: string;
  port: number;
  sandboxPort: number;
  conversations: number;
  trials: number;
  seed: number;
}

export interface Demo {
  figures: DemoFigures;
  stop(): Promise<void>;
}

interface DemoKeys {
  admin: string;
  agent: string;
  pages: string;
}

/** How much there is to do, in the steps that `progress` counts. */
export async function demoSteps({ conversations, trials }: DemoOptions): Promise<number> {
  const suite = await readSuite();
  return conversations + 2 * trials * suite.scenarios.length;
}

/** Runs the demo to the point where every figure has settled; the service goes on until `stop`. */
export async function runDemo(options: DemoOptions, progress: Progress): Promise<Demo> {
  const adminKey = demoAdminKey(options.dataDirectory);
  const service = await startService({
    dataDirectory: options.dataDirectory,
    apiKey: adminKey,
    port: options.port,
    sandboxPort: options.sandboxPort,
    settings: { DECIDE_EVERY_MS: '250', DELIVER_EVERY_MS: '250', RECONCILE_EVERY_MS: '500' },
  });
  try {
    const client = new ServiceClient(service.url, adminKey);
    const makeKey = (name: string, scopes: readonly ['read', ...Scope[]]) => demoKey({ url: service.url, adminKey }, options.dataDirectory, name, scopes);
    // The agent sends traces, asks for its variant, and reads back the conversation it is in; who opens a page looks and changes nothing.
    const keys: DemoKeys = { admin: adminKey, agent: await makeKey('agent', ['read', 'ingest']), pages: await makeKey('pages', ['read']) };
    await setUp(client);
    await play(options, service, keys, progress);
    const [baseRun, candidateRun] = await simulate(options, service, keys, progress);
    await settle(client, options.conversations);
    return { figures: await readFigures(client, service, keys, baseRun, candidateRun), stop: () => service.stop() };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

async function setUp(client: ServiceClient): Promise<void> {
  const contract = parseDocument(await readFile(join(projectRoot(), 'examples', 'contracts', 'northwind.yaml'), 'utf8'));
  contract.set('quiet_window', QUIET_WINDOW);
  const applied = await client.send<{ id: string; version: number }>('POST', '/api/v1/contracts', { source: contract.toString() });
  await client.send('POST', `/api/v1/contracts/${applied.id}/versions/${applied.version}/activate`);
  await client.send('PUT', `/api/v1/rollouts/${FLAG}`, { flag: FLAG, agent: 'northwind-concierge', task: 'reason', exposure: '25%', ...VARIANTS });
}

async function play({ conversations, seed }: DemoOptions, service: RunningService, keys: DemoKeys, progress: Progress): Promise<void> {
  let seen = 0;
  await playSampleAgent(
    ['--server', service.url, '--key', keys.agent, '--seed', String(seed), '--conversations', String(conversations), '--environment', PRODUCTION],
    (line) => {
      const done = Number(line['done'] ?? 0);
      progress.advance(Math.max(0, done - seen), 'conversations with the agent');
      seen = Math.max(seen, done);
    },
  );
}

async function simulate({ trials, seed }: DemoOptions, service: RunningService, keys: DemoKeys, progress: Progress): Promise<[string, string]> {
  const agent = await serveSampleAgent(['--server', service.url, '--key', keys.agent, '--seed', String(seed), '--environment', 'simulation']);
  try {
    const suite = await readSuite();
    const run = async (variant: RunVariant) => {
      let seen = 0;
      const result = await runSuite({
        suite,
        variant,
        agentUrl: agent.url,
        trials,
        seed,
        concurrency: 8,
        recorder: new ApiRunRecorder({ apiUrl: service.url, apiKey: keys.admin }),
        clock: new SystemClock(),
        onProgress: ({ passed, failed, infrastructureErrors }) => {
          const done = passed + failed + infrastructureErrors;
          progress.advance(Math.max(0, done - seen), `simulated trials of ${variant.name}`);
          seen = done;
        },
      });
      return result.runId;
    };
    return [await run(VARIANTS.base), await run(VARIANTS.candidate)];
  } finally {
    await agent.stop();
  }
}

/** Waits until every conversation was decided, every meter event was told, and a reconciliation has seen all of it. */
async function settle(client: ServiceClient, conversations: number): Promise<void> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  const readState = async () => {
    const usage = await client.get<UsageAnswer>('/api/v1/usage');
    const outcomes = await client.get<OutcomesAnswer>('/api/v1/outcomes/summary');
    const { events } = await client.get<{ events: Record<string, { count: number }> }>('/api/v1/billing/outbox');
    return { usage, outcomes, events };
  };
  for (;;) {
    const { usage, outcomes, events } = await readState();
    const decided = outcomes.billable + outcomes.notBillable + outcomes.testTraffic;
    const untold = ['pending', 'sent', 'ambiguous', 'failed'].reduce((count, status) => count + (events[status]?.count ?? 0), 0);
    if (usage.conversations >= conversations && outcomes.pending === 0 && decided >= usage.conversations && untold === 0) return;
    if (Date.now() > deadline) {
      throw new DomainError({
        kind: 'unavailable',
        code: 'demo_not_settled',
        message: `After ${SETTLE_TIMEOUT_MS / 1000} s ${decided} of ${usage.conversations} conversations are decided, ${outcomes.pending} wait and ${untold} meter events are not confirmed; service.log in the data directory says why`,
      });
    }
    await sleep(200);
  }
}

async function readFigures(client: ServiceClient, service: RunningService, keys: DemoKeys, baseRun: string, candidateRun: string): Promise<DemoFigures> {
  const comparisonPath = `comparisons?base=${baseRun}&candidate=${candidateRun}`;
  const statements = (await client.get<{ statements: { customer: { id: string }; period: { label: string } }[] }>('/api/v1/statements')).statements.filter(
    (statement) => statement.customer.id === CUSTOMER,
  );
  const withKey = (path: string) => `${service.url}/${path}${path.includes('?') ? '&' : '?'}key=${keys.pages}`;
  return demoFigures({
    usage: await client.get<UsageAnswer>(`/api/v1/usage?environment=${PRODUCTION}`),
    outcomes: await client.get<OutcomesAnswer>('/api/v1/outcomes/summary'),
    statements: await Promise.all(statements.map(({ period }) => client.get<StatementAnswer>(`/api/v1/customers/${CUSTOMER}/statements/${period.label}`))),
    margin: (await client.get<{ margins: MarginAnswer[] }>(`/api/v1/margin?customer=${CUSTOMER}`)).margins[0],
    breaks: (await client.get<{ breaks: unknown[] }>('/api/v1/reconciliations/latest')).breaks.length,
    comparison: await client.get<RunComparison>(`/api/v1/${comparisonPath}`),
    urls: {
      overview: withKey(''),
      conversations: withKey('conversations'),
      statement: withKey(`statements/${CUSTOMER}/${statements[0]?.period.label ?? ''}`),
      comparison: withKey(comparisonPath),
      stripeSandbox: service.sandboxUrl,
    },
  });
}

async function readSuite() {
  const path = join(projectRoot(), 'examples', 'suites', 'northwind.yaml');
  return parseSuite(await readFile(path, 'utf8'), path);
}
