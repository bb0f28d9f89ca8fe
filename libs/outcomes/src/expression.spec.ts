import { describe, expect, it } from '@jest/globals';
import { compileExpression } from './expression.js';
import { SAMPLE_FACTS } from './fact-fields.js';
import type { Facts } from './facts.js';

function evaluate(text: string, given: Partial<Facts> = {}, expected: 'bool' | 'grade' = 'bool') {
  const result = compileExpression(text, 'policies.0.when', expected);
  if (result.kind === 'invalid') throw new Error(result.problem);
  return result.expression.evaluate({ ...SAMPLE_FACTS, ...given });
}

function problemOf(text: string, expected: 'bool' | 'grade' = 'bool'): string {
  const result = compileExpression(text, 'policies.0.when', expected);
  return result.kind === 'invalid' ? result.problem : 'none';
}

describe('compileExpression', () => {
  it('compares counts, ratings and scores with whole numbers and with fractions', () => {
    for (const text of ['turns >= 2', 'turns > 1.5', 'csat <= 4.5', 'csat > 4', 'csat in [4, 4.5]', 'verdicts.exists(v, v.score >= 0.8)', 'verdicts.exists(v, v.score == 1)']) {
      expect([text, evaluate(text, { turns: 2, csat: 4.5, verdicts: [{ name: 'v', label: '', score: 1, passed: true }] })]).toEqual([text, true]);
    }
  });

  it('does not hold on facts that lack what it compares, whichever way it compares', () => {
    for (const text of ['csat <= 2', 'csat > 2', '!(csat > 2)', 'handed_off && csat > 2']) expect([text, evaluate(text, { csat: null, handed_off: true })]).toEqual([text, false]);
    expect(evaluate('csat == null || csat > 3', { csat: null })).toBe(true);
    expect(evaluate('signals[0].name == "s"', { signals: [] })).toBe(false);
    expect(evaluate('verdicts.exists(v, v.score > 0.5)', { verdicts: [{ name: 'a', label: '', score: null, passed: false }, { name: 'b', label: '', score: 0.9, passed: false }] })).toBe(true);
  });

  it('gives a grade, by its bare name or by a condition', () => {
    expect(evaluate('judged', {}, 'grade')).toBe('judged');
    const byCondition = 'confirmed ? "customer_confirmed" : csat > 3 ? "judged" : "inferred"';
    expect(evaluate(byCondition, { confirmed: true }, 'grade')).toBe('customer_confirmed');
    expect(evaluate(byCondition, { csat: 4 }, 'grade')).toBe('judged');
    expect(evaluate(byCondition, { csat: 2 }, 'grade')).toBe('inferred');
    expect(evaluate(byCondition, { csat: null }, 'grade')).toBe(false);
  });

  it('knows strings, loops and loops over what a loop gave', () => {
    expect(evaluate('locale.lowerAscii().startsWith("de")', { locale: 'DE-de' })).toBe(true);
    expect(evaluate('locale.matches("^(de|en)$")', { locale: 'en' })).toBe(true);
    const signals = [{ name: 'refund', source: 'system', value: '30', number: 30 }];
    expect(evaluate('signals.filter(s, s.name == "refund").exists(r, r.number > 20)', { signals })).toBe(true);
    expect(evaluate('signals.filter(s, s.name == "other").exists(r, r.number > 20)', { signals })).toBe(false);
    expect(evaluate('signals.map(s, s.name).exists(n, n == "refund")', { signals })).toBe(true);
    expect(evaluate('size(signals) == 1 && signals.all(s, s.source == "system")', { signals })).toBe(true);
  });

  it.each([
    ['in the part that the sample facts skip', 'handed_off && confirmd', 'names "confirmd", which is no fact'],
    ['behind or', 'ended || confirmd', 'names "confirmd", which is no fact'],
    ['in a choice', 'handed_off ? confirmd : true', 'names "confirmd", which is no fact'],
    ['of a signal', 'signals.exists(s, s.name == "x" && s.val == "y")', 'reads "val", which signals do not have: they have name, source, value, number'],
    ['of a signal asked for with has', 'signals.exists(s, has(s.val))', 'reads "val", which signals do not have'],
    ['of a signal by position', 'handed_off && signals[0].val == "y"', 'reads "val", which signals do not have'],
    ['of a filtered signal', 'signals.filter(s, s.name == "x").exists(t, t.val == "y")', 'reads "val", which signals do not have'],
    ['of a tool call', 'tool_calls.all(t, t.ok)', 'reads "ok", which tool_calls do not have: they have name, succeeded'],
    ['of another loop', 'signals.exists(s, s.name == "x") && s.value == "y"', 'names "s", which is no fact'],
  ])('finds a name that does not exist: %s', (_where, text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it.each([
    ['text with a number', 'handed_off && csat <= "2"', 'cannot be evaluated on facts in which nothing is missing: '],
    ['a count as a condition', 'handed_off && turns', 'gives 1, but must give true or false'],
    ['text as a condition in a loop', 'signals.exists(s, s.name == "x" && s.value)', 'gives "1", but must give true or false'],
    ['a list', 'signals', 'gives a list or a map, but must give true or false'],
    ['a pattern that is none', 'handed_off && locale.matches("[")', 'cannot be evaluated'],
    ['a function that is none', 'size(signals, 1) > 0', 'cannot be evaluated'],
    ['a list longer than those of the facts', '(signals + signals).exists(s, s.name == "x")', 'puts two lists together'],
    ['one in a loop', '[signals].exists(l, (l + l).exists(s, s.name == "x"))', 'puts two lists together'],
    ['more work than is good for anybody', Array.from({ length: 4 }, () => 'signals.exists(a, tool_calls.exists(b, a.name == b.name))').join(' && '), 'goes through as many as 4004000 elements, and at most 4000000 are taken'],
  ])('refuses %s, also where the sample facts would skip it', (_what, text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it('refuses what gives no grade on some way', () => {
    expect(problemOf('confirmed ? "customer_confirmed" : "silence"', 'grade')).toBe('gives "silence", but must give one of customer_confirmed, system_verified, judged, inferred');
    expect(problemOf('confirmed ? "sure" : "inferred"', 'grade')).toContain('gives "sure"');
    expect(problemOf('confirmed', 'grade')).toContain('gives false');
  });
});
