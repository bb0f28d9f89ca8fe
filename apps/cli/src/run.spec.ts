import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from './run.js';

let folder = '';
const path = (name: string) => join(folder, name);
const results = (rewards: Record<string, number>) =>
  JSON.stringify({
    info: { agent_info: { llm: 'gpt-4.1' } },
    simulations: Object.entries(rewards).map(([task_id, reward]) => ({
      task_id,
      termination_reason: 'user_stop',
      reward_info: { reward },
      agent_cost: 0,
      messages: [{ role: 'assistant', content: 'x', usage: { prompt_tokens: 1 } }],
    })),
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'astrolabe-cli-'));
  writeFileSync(path('base.json'), results({ a: 1, b: 0, c: 1 }));
  writeFileSync(path('candidate.json'), results({ a: 1, b: 1, c: 0 }));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function astrolabe(...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await run(argv, {
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    env: {},
  });
  return { code, ...said };
}

describe('astrolabe evals', () => {
  it('scores as JSON', async () => {
    const { code, out, err } = await astrolabe('evals', 'score', '--format', 'tau2', path('base.json'), '--json');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ tasks: 3, trials: 3, excluded: 0, successes: 2, passK: [expect.closeTo(2 / 3, 12)], standardError: { naive: expect.closeTo(Math.sqrt(2 / 27), 12) } });
  });

  it('compares as JSON', async () => {
    const { code, out } = await astrolabe('evals', 'compare', '--json', '--format', 'tau2', path('base.json'), path('candidate.json'));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      tasks: 3,
      base: { successes: 2 },
      candidate: { successes: 2 },
      paired: { both: 1, baseOnly: 1, candidateOnly: 1, neither: 0, pValue: 1 },
      flips: [{ taskId: 'b', from: 'fail', to: 'pass' }, { taskId: 'c', from: 'pass', to: 'fail' }],
      slices: [],
      cost: { base: { unknownTrials: 3 }, candidate: { unknownTrials: 3 } },
    });
  });

  it('says the same to a person, regressions named and an unknown cost unknown', async () => {
    const score = await astrolabe('evals', 'score', '--format', 'tau2', path('base.json'));
    expect(score.out).toMatch(/succeeded +2 of 3 +66\.7 %/);
    expect(score.out).toContain('agent cost      unknown (3 trials)');
    const compare = await astrolabe('evals', 'compare', '--format', 'tau2', path('base.json'), path('candidate.json'));
    expect(compare.out).toContain('pass in base, fail in candidate (1)\n  c\n');
    expect(compare.out).toContain('p = 1.000 (exact McNemar, two-sided)');
    expect(compare.out).not.toContain('$0');
  });
});

describe('astrolabe: errors', () => {
  it.each([
    ['a missing file', ['evals', 'score', '--format', 'tau2', '/nowhere/run.json'], 3, '/nowhere/run.json does not exist'],
    ['a directory', ['evals', 'score', '--format', 'tau2', '/'], 2, '/ cannot be read: it is a directory'],
    ['no format', ['evals', 'score', 'run.json'], 2, "required option '--format <format>' not specified"],
    ['an unknown format', ['evals', 'score', '--format', 'tau3', 'run.json'], 2, 'Allowed choices are tau1, tau2'],
    ['an unknown command', ['scor'], 2, "unknown command 'scor'"],
    ['an endpoint that is none', ['import', 'trajectories', '--format', 'tau2', '--variant', 'v', '--endpoint', 'localhost', 'run.json'], 2, '"localhost" is not an endpoint'],
  ])('%s', async (_, argv, code, message) => {
    const plain = await astrolabe(...argv);
    expect(plain).toMatchObject({ code, out: '' });
    expect(plain.err).toMatch(/^astrolabe: /);
    expect(plain.err).toContain(message);
    // The same as JSON, where the whole of stderr is one object.
    const json = await astrolabe(...argv, '--json');
    expect(json).toMatchObject({ code, out: '' });
    expect(JSON.parse(json.err)).toMatchObject({ error: { message: expect.stringContaining(message) } });
  });

  it('names the right format', async () => {
    const { code, err } = await astrolabe('evals', 'score', '--format', 'tau1', path('base.json'));
    expect([code, err]).toEqual([2, expect.stringContaining('this looks like tau2: use --format tau2')]);
  });

  it('helps without failing when asked, and fails when nothing was', async () => {
    expect(await astrolabe('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes:'), err: '' });
    expect(await astrolabe()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('astrolabe: no command was given') });
  });
});

describe('main.ts', () => {
  it('imports nothing but the check of the version of Node, which imports nothing', () => {
    const sourceOf = (path: string) => readFileSync(join(process.cwd(), 'apps', path), 'utf8');
    const main = sourceOf('cli/src/main.ts');
    expect(main).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(main.match(/^import .*/gm)).toEqual(["import { launch } from '../../launch.js';"]);
    const launcher = sourceOf('launch.ts');
    expect(launcher).not.toMatch(/^import |import\(/m);
    // What came after Node 12: an older one would stop at it before it says what it wants.
    expect(launcher).not.toMatch(/\?\?|\?\.|\bawait\b|#\w+\(/);
  });
});
