import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys, SystemClock } from '#platform';
import { run } from '../../apps/cli/src/run.js';
import { startAgentServer, startModelServer, type AgentServer, type ModelServer } from '../../apps/sample-agent/src/index.js';
import { startEvalsService, type EvalsService } from './evals-service.js';

const SUITE = 'examples/suites/northwind.yaml';
const BASE = '{"model":"gpt-4.1","promptVersion":"reason-v1"}';
const CANDIDATE = '{"model":"gpt-4.1-mini","promptVersion":"reason-v1"}';
const TRIALS = 6;

describe('astrolabe evals run, on the sample agent', () => {
  const key = ApiKeys.newSecret();
  let service: EvalsService;
  let models: ModelServer;
  let agent: AgentServer;

  beforeAll(async () => {
    service = await startEvalsService(new SystemClock());
    await service.keys.ensure('northwind', 'all', key, ['operate', 'read']);
    models = await startModelServer({ seed: 7, latencyScale: 0 });
    agent = await startAgentServer({ seed: 7, modelUrl: models.url, exporter: new InMemorySpanExporter() });
  });
  afterAll(async () => {
    await agent.close();
    await models.close();
    await service.close();
  });

  async function astrolabe(...argv: string[]) {
    const written = { stdout: '', stderr: '' };
    const code = await run(argv, {
      stdout: { write: (text: string) => (written.stdout += text) },
      stderr: { write: (text: string) => (written.stderr += text) },
      env: { ASTROLABE_URL: service.apiUrl, ASTROLABE_API_KEY: key },
    });
    return { code, ...written };
  }
  const play = (variant: string, value: string, ...more: string[]) =>
    astrolabe('evals', 'run', '--suite', SUITE, '--variant', variant, '--value', value, '--agent', agent.url, '--trials', String(TRIALS), ...more);

  async function get(path: string) {
    const response = await fetch(`${service.apiUrl}/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } });
    return response.json();
  }

  it('plays the example suite: each scenario can be solved, and none by doing nothing', async () => {
    const base = await play('base', BASE, '--json');
    expect(base).toMatchObject({ code: 0, stderr: '' });
    const result = JSON.parse(base.stdout);
    expect(result).toMatchObject({ suite: 'northwind', planned: 10 * TRIALS, infrastructureErrors: 0, warnings: [], variant: { name: 'base', value: JSON.parse(BASE) } });

    const { trials } = await get(`runs/${result.runId}`);
    const passes = Map.groupBy(trials as { scenarioId: string; status: string }[], ({ scenarioId }) => scenarioId);
    const unsolved = [...passes].filter(([, of]) => 2 * of.filter(({ status }) => status === 'passed').length <= TRIALS).map(([scenarioId]) => scenarioId);
    expect(unsolved).toEqual([]);

    const candidate = await play('candidate', CANDIDATE, '--json');
    const comparison = await get(`comparisons?base=${result.runId}&candidate=${JSON.parse(candidate.stdout).runId}`);
    expect(comparison).toMatchObject({ tasks: 10, trialsPerTask: TRIALS, warnings: [] });
    expect(comparison.difference).toBeCloseTo(comparison.candidate.rate - comparison.base.rate, 12);
  }, 60_000);

  it('tells a person the result, the id of the run and how to compare it, and plays nothing twice', async () => {
    const { code, stdout } = await play('base', BASE);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^northwind as variant base, run run_[0-9a-f]{32}\n/);
    expect(stdout).toMatch(new RegExp(`already recorded before +${10 * TRIALS} of ${10 * TRIALS}\\n`));
    expect(stdout).toContain(`${service.apiUrl}/api/v1/comparisons?base=BASE&candidate=run_`);
  }, 60_000);

  it('exits with a code that a script can use, and says what is wrong', async () => {
    // The sample agent takes no variant without a value: that is no failure of the agent.
    const refused = await astrolabe('evals', 'run', '--suite', SUITE, '--variant', 'nameless', '--agent', agent.url, '--trials', '1');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('10 of 10 trials have no result, the last one because: The agent answered 400');

    const directory = mkdtempSync(join(tmpdir(), 'astrolabe-suite-'));
    const broken = join(directory, 'broken.yaml');
    writeFileSync(broken, 'name: x\nscenario: []\n');
    const invalid = await astrolabe('evals', 'run', '--suite', broken, '--variant', 'base', '--agent', agent.url);
    rmSync(directory, { recursive: true });
    expect(invalid.code).toBe(2);
    expect(invalid.stderr).toContain(`${broken}:2:1: scenario is not a key here; known are name, trials, scenarios`);

    expect((await astrolabe('evals', 'run', '--suite', 'absent.yaml', '--variant', 'base', '--agent', agent.url)).code).toBe(3);
    expect(await play('base', '{model}')).toMatchObject({ code: 2, stderr: expect.stringContaining('It is not JSON') });
    expect((await play('base', BASE, '--key', ApiKeys.newSecret())).code).toBe(6);
  }, 60_000);
});
