import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiRunRecorder, parseSuite, runSuite, type RunProgress, type SuiteRun } from '#evals';
import { ApiKeys, ManualClock } from '#platform';
import { startEvalsService, type EvalsService } from './evals-service.js';

const suite = parseSuite(
  `name: shop
trials: 2
scenarios:
  - id: refund
    initial_state: { refunds: [] }
    script: [I want my money back, 'Yes, both']
    expect:
      state: { refunds: [{ id: 2 }, { id: 1 }] }
      tools: { required: [{ name: refund, arguments: { id: 1 } }], forbidden: [delete_account] }
  - id: greeting
    script: [hello]
    expect: { said: [welcome] }
  - id: hours
    script: [When do you open?]
    expect: { said: ['9'] }
`,
  'shop.yaml',
);

interface Message {
  conversationId: string;
  message: string;
  variant: { name: string };
  scenario?: { initialState?: { refunds?: unknown[] } };
}

/** A small real agent. The variant "careful" refunds both bookings but knows no opening hours; any other refunds one and knows them. */
class ShopAgent {
  readonly heard: string[] = [];
  /** This many calls are refused before it works. */
  refusals = 0;
  readonly #states = new Map<string, { refunds: { id: number }[] }>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (this.refusals > 0) {
          this.refusals--;
          response.writeHead(503).end('warming up');
          return;
        }
        const traceId = String(request.headers.traceparent).split('-')[1];
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ ...this.#reply(JSON.parse(Buffer.concat(chunks).toString()) as Message), traceId }));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((done) => this.#server.close(done));
  }

  #reply({ conversationId, message, variant, scenario }: Message) {
    this.heard.push(message);
    const isCareful = variant.name === 'careful';
    if (scenario) this.#states.set(conversationId, { refunds: [] });
    const state = this.#states.get(conversationId) ?? { refunds: [] };
    const toolCalls: object[] = [];
    const refund = (id: number) => {
      state.refunds.push({ id });
      toolCalls.push({ name: 'refund', arguments: { id }, result: { ok: true }, succeeded: true });
    };
    if (message.startsWith('Yes')) for (const id of isCareful ? [1, 2] : [1]) refund(id);
    const reply = message === 'hello' ? 'Welcome!' : message.startsWith('When') ? (isCareful ? 'I do not know' : 'At 9, \u0000 every day \ud800') : 'Both bookings?';
    return { reply, toolCalls, state, ended: false };
  }
}

describe('suites, runs and comparisons', () => {
  const clock = new ManualClock('2026-11-01T10:00:00Z');
  const [operator, reader, stranger] = [ApiKeys.newSecret(), ApiKeys.newSecret(), ApiKeys.newSecret()];
  let service: EvalsService;
  let apiUrl: string;
  let agent: ShopAgent;
  let agentUrl: string;

  beforeAll(async () => {
    service = await startEvalsService(clock);
    apiUrl = service.apiUrl;
    const { keys } = service;
    await keys.ensure('shop', 'operator', operator, ['operate']);
    await keys.ensure('shop', 'reader', reader, ['read']);
    await keys.ensure('rival', 'all', stranger, ['admin']);
    agent = new ShopAgent();
    agentUrl = await agent.listen();
  });
  afterAll(async () => {
    await agent.close();
    await service.close();
  });
  beforeEach(() => {
    agent.heard.length = 0;
    agent.refusals = 0;
  });

  function play(variant: string, seed: number, options: Partial<SuiteRun> = {}): Promise<RunProgress> {
    const recorder = new ApiRunRecorder({ apiUrl, apiKey: operator });
    const retry = { attemptsMax: 4, firstWaitMs: 1, waitMsMax: 4 };
    return runSuite({ suite, variant: { name: variant }, agentUrl, seed, concurrency: 2, recorder, clock, retry, ...options });
  }

  async function call(path: string, key: string, init: { method?: string; body?: unknown } = {}) {
    const response = await fetch(`${apiUrl}/api/v1/${path}`, {
      method: init.method ?? 'GET',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
    });
    return { status: response.status, body: await response.json() };
  }
  const get = (path: string, key = reader) => call(path, key);

  it('runs two variants side by side and compares them', async () => {
    const base = await play('quick', 1);
    const candidate = await play('careful', 1);
    expect(base).toMatchObject({ planned: 6, skipped: 0, passed: 4, failed: 2, infrastructureErrors: 0 });
    expect(candidate).toMatchObject({ planned: 6, skipped: 0, passed: 4, failed: 2, infrastructureErrors: 0 });

    const { body } = await get(`comparisons?base=${base.runId}&candidate=${candidate.runId}`);
    expect(body).toMatchObject({
      tasks: 3,
      trialsPerTask: 2,
      base: { variant: 'quick', successes: 4, trials: 6, passK: [2 / 3, 2 / 3], infrastructureErrors: 0 },
      candidate: { variant: 'careful', successes: 4, trials: 6 },
      difference: 0,
      pValue: 1,
      flips: [
        { taskId: 'hours', from: 'pass', to: 'fail' },
        { taskId: 'refund', from: 'fail', to: 'pass' },
      ],
      warnings: [],
    });

    const detail = (await get(`runs/${base.runId}`)).body;
    expect(detail.run).toMatchObject({ id: base.runId, suiteName: 'shop', suiteSha256: suite.sha256, variant: { name: 'quick' }, trials: 2, seed: 1, finishedAt: '2026-11-01T10:00:00.000Z' });
    expect(detail.trials.map((trial: { scenarioId: string; trial: number; status: string }) => [trial.scenarioId, trial.trial, trial.status])).toEqual([
      ['greeting', 0, 'passed'],
      ['greeting', 1, 'passed'],
      ['hours', 0, 'passed'],
      ['hours', 1, 'passed'],
      ['refund', 0, 'failed'],
      ['refund', 1, 'failed'],
    ]);
    const refund = detail.trials[4];
    expect(refund.verdicts).toEqual([
      { kind: 'state', passed: false, explanation: 'state.refunds lacks {"id":2}' },
      { kind: 'tool_required', passed: true, explanation: 'refund with {"id":1} was called and succeeded' },
      { kind: 'tool_forbidden', passed: true, explanation: 'delete_account was not called' },
    ]);
    expect(refund).toMatchObject({ finalState: { refunds: [{ id: 1 }] }, attempts: 1, error: null });
    expect(refund.transcript).toMatchObject([{ message: 'I want my money back', reply: 'Both bookings?' }, { message: 'Yes, both', toolCalls: [{ name: 'refund', arguments: { id: 1 }, succeeded: true }] }]);
    // What PostgreSQL cannot hold is marked, not refused.
    expect(detail.trials[2].transcript[0].reply).toBe('At 9, \ufffd every day \ufffd');
  });

  it('changes nothing when the same run is run again', async () => {
    await play('quick', 2);
    const before = await snapshot();
    agent.heard.length = 0;
    clock.advance(60_000);
    expect(await play('quick', 2)).toMatchObject({ skipped: 6, passed: 4, failed: 2 });
    expect(agent.heard).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });

  it('resumes after it was stopped in the middle', async () => {
    const stop = new AbortController();
    const stopped = play('quick', 3, { concurrency: 1, signal: stop.signal, onProgress: ({ passed, failed }) => passed + failed === 2 && stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'run_interrupted' });
    expect(agent.heard).toEqual(['I want my money back', 'Yes, both', 'hello']);

    const list = (await get('runs?limit=1')).body.runs;
    expect(list).toMatchObject([{ seed: 3, finishedAt: null, counts: { passed: 1, failed: 1, infrastructure_error: 0 } }]);
    expect((await call(`runs/${list[0].id}/finish`, operator, { method: 'POST', body: {} })).body).toMatchObject({ status: 409, code: 'run_incomplete' });

    agent.heard.length = 0;
    expect(await play('quick', 3)).toMatchObject({ planned: 6, skipped: 2, passed: 4, failed: 2 });
    expect(agent.heard.sort()).toEqual(['I want my money back', 'When do you open?', 'When do you open?', 'Yes, both', 'hello']);
    expect((await get('runs?limit=1')).body.runs[0].finishedAt).not.toBeNull();
  });

  it('gets past an agent that answers 503 twice, and never counts that against it', async () => {
    agent.refusals = 2;
    const { runId, ...progress } = await play('quick', 4, { concurrency: 1 });
    expect(progress).toMatchObject({ passed: 4, failed: 2, infrastructureErrors: 0 });
    const { trials } = (await get(`runs/${runId}`)).body;
    expect(trials.map((trial: { attempts: number }) => trial.attempts).sort()).toEqual([1, 1, 1, 1, 1, 3]);
  });

  it('keeps infrastructure errors apart, and replaces them alone when the run is run again', async () => {
    agent.refusals = 1000;
    const first = await play('quick', 5);
    expect(first).toMatchObject({ passed: 0, failed: 0, infrastructureErrors: 6, lastInfrastructureError: 'The agent answered 503: warming up' });
    const nothing = await get(`comparisons?base=${first.runId}&candidate=${first.runId}`);
    expect(nothing).toMatchObject({ status: 400, body: { code: 'no_task_in_both' } });

    agent.refusals = 0;
    expect(await play('quick', 5)).toMatchObject({ skipped: 0, passed: 4, failed: 2, infrastructureErrors: 0 });
    const { trials } = (await get(`runs/${first.runId}`)).body;
    expect(trials[0]).toMatchObject({ status: 'passed', error: null, verdicts: [{ kind: 'said', passed: true }] });

    // A result stands: a second one for the same trial is not taken, whatever it says.
    const { scenarioId: _s, trial: _t, ...again } = { ...trials[0], status: 'failed', verdicts: [{ kind: 'said', passed: false, explanation: 'x' }] };
    expect((await call(`runs/${first.runId}/trials/greeting/0`, operator, { method: 'PUT', body: again })).body).toEqual({ kind: 'already_recorded', status: 'passed' });
    expect((await get(`runs/${first.runId}`)).body.trials).toEqual(trials);
  });

  it('refuses what does not fit together, and says what would', async () => {
    const { runId } = await play('quick', 6);
    const { trials } = (await get(`runs/${runId}`)).body;
    const { scenarioId: _s, trial: _t, ...result } = trials[0];
    const put = (path: string, body: unknown) => call(path, operator, { method: 'PUT', body });
    expect((await put(`suites/${'0'.repeat(64)}`, { source: suite.source })).body).toMatchObject({ status: 400, code: 'suite_hash_mismatch' });
    expect((await put(`suites/${suite.sha256}`, { source: 'name: [' })).body).toMatchObject({ status: 400, code: 'invalid_suite' });
    const plan = { suiteSha256: suite.sha256, variant: { name: 'quick' }, trials: 2, seed: 6, settings: { agentUrl, turnTimeoutMs: 1, attemptsMax: 1 } };
    expect((await put('runs/run_other', plan)).body).toMatchObject({ status: 400, code: 'run_id_mismatch' });
    expect((await put(`runs/${runId}`, { ...plan, trials: 0 })).body).toMatchObject({ status: 400, code: 'invalid_input' });
    expect((await put(`runs/${runId}/trials/greeting/2`, result)).body).toMatchObject({ status: 400, code: 'trial_not_planned' });
    expect((await put(`runs/${runId}/trials/unheard-of/0`, result)).body).toMatchObject({ status: 400, code: 'trial_not_planned' });
    expect((await put(`runs/${runId}/trials/greeting/0`, { ...result, status: 'failed' })).body).toMatchObject({ status: 400, code: 'invalid_input' });
    expect((await put('runs/run_none/trials/greeting/0', result)).body).toMatchObject({ status: 404, code: 'run_not_found' });
  });

  it('keeps organizations and scopes apart, though the same run has the same id for both', async () => {
    const { runId } = await play('quick', 7);
    expect((await get(`runs/${runId}`, stranger)).status).toBe(404);
    expect((await get('runs', stranger)).body).toEqual({ runs: [] });
    expect((await get(`comparisons?base=${runId}&candidate=${runId}`, stranger)).status).toBe(404);

    const rivals = await play('quick', 7, { recorder: new ApiRunRecorder({ apiUrl, apiKey: stranger }) });
    expect(rivals).toMatchObject({ runId, skipped: 0, passed: 4 });
    expect((await get('runs', stranger)).body.runs).toHaveLength(1);

    expect((await get(`runs/${runId}`, operator)).body).toMatchObject({ status: 403, code: 'scope_missing' });
    expect((await call(`runs/${runId}/finish`, reader, { method: 'POST', body: {} })).status).toBe(403);
    expect((await get('runs', ApiKeys.newSecret())).status).toBe(401);
  });

  async function snapshot() {
    const [runs, trials, verdicts] = await Promise.all([
      service.stores.postgres.selectFrom('runs').selectAll().orderBy('id').execute(),
      service.stores.postgres.selectFrom('trials').selectAll().orderBy('runId').orderBy('scenarioId').orderBy('trial').execute(),
      service.stores.postgres.selectFrom('verdicts').selectAll().orderBy('runId').orderBy('scenarioId').orderBy('trial').orderBy('checkIndex').execute(),
    ]);
    return { runs, trials, verdicts };
  }
});
