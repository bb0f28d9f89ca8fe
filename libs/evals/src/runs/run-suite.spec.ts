import { describe, expect, it } from '@jest/globals';
import { DomainError, ManualClock } from '#platform';
import { parseSuite } from '../suites/parse-suite.js';
import type { AgentMessage } from './call-agent.js';
import { conversationIdOf, runIdOf, type RecordedTrial, type RunStanding, type Trial } from './run.js';
import { RunRecorder, type NewRun } from './run-recorder.js';
import { runSuite, type RunProgress } from './run-suite.js';

const suite = parseSuite(
  `name: s
trials: 2
scenarios:
  - { id: polite, locale: fr-FR, initial_state: { v: 1 }, script: [hi, bye], expect: { said: [hello], state: { v: 1 } } }
  - { id: done, script: [do it], expect: { tools: { required: [work] } } }
`,
  's.yaml',
);

/** Keeps what the runner sends, under the rules that RunRecorder states. */
class KeptTrials extends RunRecorder {
  readonly trials: Trial[] = [];
  finished = 0;
  readonly #runs = new Set<string>();

  async putSuite(): Promise<void> {}

  async putRun({ id }: NewRun): Promise<RunStanding> {
    const isNew = !this.#runs.has(id);
    this.#runs.add(id);
    return { isNew, trials: this.trials.map(({ scenarioId, trial, status }) => ({ scenarioId, trial, status })) };
  }

  async putTrial(_runId: string, trial: Trial): Promise<RecordedTrial> {
    const index = this.trials.findIndex((known) => known.scenarioId === trial.scenarioId && known.trial === trial.trial);
    if (index >= 0) this.trials.splice(index, 1);
    this.trials.push(trial);
    return { kind: 'recorded', status: trial.status };
  }

  async finishRun(): Promise<void> {
    this.finished++;
  }
}

type Agent = (message: AgentMessage, headers: Headers, call: number) => Response | Promise<Response>;

const greets: Agent = ({ message }) =>
  Response.json({ reply: 'Hello!', toolCalls: message === 'do it' ? [{ name: 'work', arguments: {}, result: 1, succeeded: true }] : [], state: { v: 1 }, ended: false, traceId: 't' });

async function play(agent: Agent, { recorder = new KeptTrials(), ...options }: { recorder?: KeptTrials; concurrency?: number; signal?: AbortSignal; onProgress?: (progress: RunProgress) => void } = {}) {
  const sent: { message: AgentMessage; headers: Headers; url: string }[] = [];
  const progress = await runSuite({
    suite,
    variant: { name: 'base', value: { model: 'm' } },
    agentUrl: 'http://agent.test/v2',
    seed: 7,
    concurrency: 1,
    recorder,
    clock: new ManualClock('2026-11-01T00:00:00Z'),
    retry: { attemptsMax: 3, firstWaitMs: 1, waitMsMax: 2 },
    fetch: async (url, init) => {
      const message = JSON.parse(init?.body as string) as AgentMessage;
      const headers = new Headers(init?.headers);
      sent.push({ message, headers, url: (url as URL).href });
      return agent(message, headers, sent.length);
    },
    ...options,
  });
  return { progress, sent, recorder };
}

const runId = runIdOf({ suiteSha256: suite.sha256, variant: { name: 'base', value: { model: 'm' } }, trials: 2, seed: 7 });

describe('runSuite', () => {
  it('plays the script turn by turn, opening each conversation with its scenario, and judges', async () => {
    const { progress, sent, recorder } = await play(greets);
    expect(progress).toEqual({ runId, planned: 4, skipped: 0, passed: 4, failed: 0, infrastructureErrors: 0, lastInfrastructureError: null });
    expect(sent.slice(0, 2).map(({ message }) => message)).toEqual([
      { conversationId: conversationIdOf(runId, 'polite', 0), message: 'hi', variant: { name: 'base', value: { model: 'm' } }, scenario: { initialState: { v: 1 }, locale: 'fr-FR' } },
      { conversationId: conversationIdOf(runId, 'polite', 0), message: 'bye', variant: { name: 'base', value: { model: 'm' } } },
    ]);
    expect(sent[0]?.url).toBe('http://agent.test/v2/converse');
    const traces = sent.map(({ headers }) => /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(headers.get('traceparent') ?? '')?.[1]);
    expect(new Set(traces).size).toBe(6);
    expect(traces).not.toContain(undefined);
    expect(new Set(recorder.trials.map(({ conversationId }) => conversationId)).size).toBe(4);
    expect(recorder.trials.every(({ attempts }) => attempts === 1)).toBe(true);
    expect(recorder.finished).toBe(1);
  });

  it('fails the agent that says and does nothing', async () => {
    const { progress } = await play(() => Response.json({ reply: '' }));
    expect(progress).toMatchObject({ passed: 0, failed: 4, infrastructureErrors: 0 });
  });

  it('stops the script where the agent ends the conversation', async () => {
    const { sent, recorder } = await play(() => Response.json({ reply: 'hello', state: { v: 1 }, ended: true, traceId: 't' }));
    expect(sent).toHaveLength(4);
    expect(recorder.trials.find(({ scenarioId }) => scenarioId === 'polite')?.transcript).toHaveLength(1);
  });

  it('sends a refused message again in the same conversation', async () => {
    const { progress, sent, recorder } = await play((message, headers, call) => (call === 2 || call === 3 ? new Response('busy', { status: 503 }) : greets(message, headers, call)));
    expect(progress).toMatchObject({ passed: 4, infrastructureErrors: 0 });
    expect(sent.slice(0, 4).map(({ message }) => message.message)).toEqual(['hi', 'bye', 'bye', 'bye']);
    expect(new Set(sent.slice(0, 4).map(({ message }) => message.conversationId)).size).toBe(1);
    expect(recorder.trials[0]).toMatchObject({ scenarioId: 'polite', attempts: 3 });
  });

  it('begins a conversation again under another id after a message that was lost: the agent may have acted on it', async () => {
    const { progress, sent, recorder } = await play((message, headers, call) => (call === 2 ? new Response('oops', { status: 500 }) : greets(message, headers, call)));
    expect(progress).toMatchObject({ passed: 4 });
    expect(sent.slice(0, 4).map(({ message }) => message.message)).toEqual(['hi', 'bye', 'hi', 'bye']);
    expect(sent[2]?.message).toMatchObject({ conversationId: conversationIdOf(runId, 'polite', 0, 2), scenario: { locale: 'fr-FR' } });
    expect(recorder.trials[0]).toMatchObject({ conversationId: conversationIdOf(runId, 'polite', 0, 2), attempts: 2 });
    expect(recorder.trials[0]?.transcript).toHaveLength(2);
  });

  it('records what never worked as an infrastructure error, and tries it once more the next time', async () => {
    const recorder = new KeptTrials();
    const down: Agent = ({ message }, headers, call) => {
      if (message === 'do it') throw new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) });
      return greets({ conversationId: '', message, variant: { name: '' } }, headers, call);
    };
    const first = await play(down, { recorder });
    expect(first.progress).toMatchObject({ passed: 2, failed: 0, infrastructureErrors: 2, lastInfrastructureError: 'The agent cannot be reached: ECONNREFUSED' });
    expect(recorder.trials.find(({ scenarioId }) => scenarioId === 'done')).toMatchObject({ status: 'infrastructure_error', attempts: 3, verdicts: [] });

    const second = await play(greets, { recorder });
    expect(second.progress).toMatchObject({ skipped: 2, passed: 4, infrastructureErrors: 0 });
    expect(second.sent.map(({ message }) => message.message)).toEqual(['do it', 'do it']);
  });

  it('does not repeat a call that can only end the same way', async () => {
    const { progress, sent } = await play(() => new Response('{"detail":"variant.value is required"}', { status: 400 }));
    expect(sent).toHaveLength(4);
    expect(progress).toMatchObject({ infrastructureErrors: 4, lastInfrastructureError: 'The agent answered 400: {"detail":"variant.value is required"}' });
    const garbled = await play(() => Response.json({ error: 'quota' }));
    expect(garbled.progress).toMatchObject({ infrastructureErrors: 4, lastInfrastructureError: expect.stringContaining('(reply: Invalid input: expected string, received undefined): {"error":"quota"}') });
  });

  it('has as many conversations under way as was asked for, and no more', async () => {
    let underWay = 0;
    const seen: number[] = [];
    const { progress } = await play(
      async (message, headers, call) => {
        seen.push(++underWay);
        await new Promise((done) => setImmediate(done));
        underWay--;
        return greets(message, headers, call);
      },
      { concurrency: 3 },
    );
    expect(Math.max(...seen)).toBe(3);
    expect(progress.passed).toBe(4);
  });

  it('plays what is under way to its end when it is stopped, and goes on from there', async () => {
    const recorder = new KeptTrials();
    const stop = new AbortController();
    const stopped = play(greets, { recorder, signal: stop.signal, onProgress: ({ passed }) => passed === 1 && stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'run_interrupted', message: expect.stringContaining('1 of 4') });
    expect(recorder.trials).toHaveLength(1);
    expect(recorder.finished).toBe(0);

    const { progress, sent } = await play(greets, { recorder });
    expect(progress).toMatchObject({ skipped: 1, passed: 4 });
    expect(sent.map(({ message }) => message.message)).toEqual(['do it', 'hi', 'bye', 'do it']);
    // The first runner may have begun any of these: the agent must not go on where that one left off.
    const derived = ['polite', 'done'].flatMap((scenarioId) => [0, 1].map((trial) => conversationIdOf(runId, scenarioId, trial)));
    const used = sent.map(({ message }) => message.conversationId);
    expect(used.filter((id) => derived.includes(id))).toEqual([]);
    expect(new Set(used).size).toBe(3);
    expect(recorder.finished).toBe(1);
  });

  it('fails with what the recorder said, and stops all workers', async () => {
    const recorder = new KeptTrials();
    recorder.putTrial = async () => {
      throw new DomainError({ kind: 'unavailable', code: 'api_unavailable', message: 'down' });
    };
    await expect(play(greets, { recorder, concurrency: 2 })).rejects.toMatchObject({ code: 'api_unavailable' });
    expect(recorder.finished).toBe(0);
  });

  it('derives the id of a run from all that decides it', () => {
    const plan = { suiteSha256: suite.sha256, variant: { name: 'base', value: { a: 1, b: 2 } }, trials: 2, seed: 7 };
    expect(runIdOf({ ...plan, variant: { name: 'base', value: { b: 2, a: 1 } } })).toBe(runIdOf(plan));
    const others = [
      { ...plan, suiteSha256: 'f'.repeat(64) },
      { ...plan, variant: { ...plan.variant, name: 'other' } },
      { ...plan, variant: { ...plan.variant, value: { a: 1 } } },
      { ...plan, variant: { name: 'base' } },
      { ...plan, trials: 3 },
      { ...plan, seed: 8 },
    ];
    expect(new Set([plan, ...others].map(runIdOf)).size).toBe(7);
  });
});
