import { describe, expect, it } from '@jest/globals';
import { parseRollout, readRollout, writeRollout } from './rollout-definition.js';

const yaml = `
rollout:
  flag: refund-reason-model
  agent: northwind-support
  task: reason
  base:      { name: sonnet, value: { model: claude-sonnet-4-5, promptVersion: 7 } }
  candidate: { name: mini,   value: { model: gpt-4.1-mini, promptVersion: 8 } }
  exposure: 25%
`;

const fields = {
  flag: 'f',
  agent: 'a',
  task: 't',
  base: { name: 'base', value: 'x' },
  candidate: { name: 'candidate', value: 'y' },
  exposure: '1%',
  enabled: true,
};

const problemsOf = (input: unknown) => {
  try {
    readRollout(input);
  } catch (error) {
    return (error as { details: { problems: { path: string; message: string }[] } }).details.problems;
  }
  return [];
};

describe('parseRollout', () => {
  const expected = {
    flagKey: 'refund-reason-model',
    agent: 'northwind-support',
    task: 'reason',
    base: { name: 'sonnet', value: { model: 'claude-sonnet-4-5', promptVersion: 7 } },
    candidate: { name: 'mini', value: { model: 'gpt-4.1-mini', promptVersion: 8 } },
    exposureBp: 2500,
    isEnabled: true,
  };

  it('reads YAML', () => {
    expect(parseRollout(yaml)).toEqual(expected);
  });

  it('reads the same from JSON, with and without the outer key, and what writeRollout wrote', () => {
    expect(parseRollout(JSON.stringify({ rollout: writeRollout(expected) }))).toEqual(expected);
    expect(readRollout(writeRollout(expected))).toEqual(expected);
  });

  it('says where a text stops being YAML', () => {
    expect(() => parseRollout('rollout: [')).toThrow(expect.objectContaining({ code: 'unreadable_rollout', message: expect.stringMatching(/line 1/) }));
  });
});

describe('readRollout', () => {
  it.each([
    ['25%', 2500],
    ['0%', 0],
    ['100%', 10_000],
    ['0.5%', 50],
    ['12.34 %', 1234],
    ['1.05%', 105],
    ['1bp', 1],
    ['10000 bp', 10_000],
  ])('reads an exposure of %s as %d basis points', (exposure, bp) => {
    const read = readRollout({ ...fields, exposure });
    expect(read.exposureBp).toBe(bp);
    expect(readRollout(writeRollout(read))).toEqual(read);
  });

  it.each(['100.01%', '10001bp', '-1%', '0.001%', '25', '', 'all', null, true])('refuses an exposure of %j', (exposure) => {
    expect(problemsOf({ ...fields, exposure })).toEqual([{ path: 'exposure', message: expect.stringContaining('0% to 100%') }]);
  });

  it('refuses a bare number, which could be either unit', () => {
    expect(problemsOf({ ...fields, exposure: 25 })).toEqual([{ path: 'exposure', message: expect.stringContaining('"25%" is a share of a hundred, "25bp"') }]);
  });

  it('names every field that is wrong', () => {
    const problems = problemsOf({ ...fields, flag: 'a/b', agent: '', base: { name: 'base', value: ['x'] }, extra: 1 });
    expect(problems.map((problem) => problem.path).sort()).toEqual(['(whole)', 'agent', 'base.value', 'flag']);
    expect(problemsOf({}).map((problem) => problem.path)).toEqual(['flag', 'agent', 'task', 'base', 'candidate', 'exposure']);
  });

  it('refuses in texts what the store cannot keep, and nothing that only looks like it', () => {
    const valued = (value: unknown) => problemsOf({ ...fields, base: { name: 'base', value }, candidate: { name: 'candidate', value } }).map((problem) => problem.path);
    for (const text of ['a\u0000', '\\\u0000', '\ud800', '\udfff!']) {
      expect(valued(text)).toEqual(['base.value', 'candidate.value']);
      expect(valued({ list: [{ [text]: 1 }] })).toEqual(['base.value', 'candidate.value']);
      expect(problemsOf({ ...fields, agent: text }).map((problem) => problem.path)).toEqual(['agent']);
    }
    for (const text of ['\\u0000', '\\\\ud800', '\u{1f600}', '\n']) expect(valued(text)).toEqual([]);
  });

  it('refuses two variants of one name, and two types of value', () => {
    expect(problemsOf({ ...fields, candidate: { name: 'base', value: 'y' } })).toEqual([{ path: 'candidate.name', message: expect.stringContaining('differ') }]);
    expect(problemsOf({ ...fields, candidate: { name: 'candidate', value: true } })).toEqual([{ path: 'candidate.value', message: expect.stringContaining('same type') }]);
  });
});
