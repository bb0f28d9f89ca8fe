import { describe, expect, it } from '@jest/globals';
import { compileExpression } from './expression.js';
import { sourcesOf } from './fact-sources.js';
import { factsOf, type EpisodeRows } from './facts.js';
import { childRow, signalRow, spanRow } from './testing/episode-rows.js';

const at = (second: number) => `2026-11-02T09:00:${String(second).padStart(2, '0')}Z`;
const signal = (name: string, second: number, source = 'system', value = '') => signalRow('t', at(second), { kind: 'signal', name, source, value, signal_id: `${name}-${second}` });
const ROWS: EpisodeRows = {
  spans: [spanRow('t', at(0)), childRow('t', at(1), 'lookup', { tool: 'lookup' }), childRow('t', at(2), 'refund', { tool: 'refund', status: 'error' })],
  signals: [
    signal('refund', 3, 'system', '30'),
    signal('refund', 4, 'agent', '9'),
    signal('csat', 5, 'customer', '2'),
    signal('csat', 6, 'customer', '4'),
    signalRow('t', at(7), { kind: 'handoff', value: 'angry', signal_id: 'gave-up' }),
    signalRow('t', at(8), { kind: 'verdict', name: 'tone', signal_id: 'judged', attributes: { 'gen_ai.evaluation.score.label': 'pass' } }),
  ],
};

/** Each condition as [text, held, ids that it rests on]. */
function explained(text: string, rows = ROWS) {
  const result = compileExpression(text, 'policies.0.when', 'bool');
  if (result.kind === 'invalid') throw new Error(result.problem);
  return result.expression.explain(factsOf(rows), sourcesOf(rows)).map((part) => [part.text, part.held, part.restsOn.map(({ id }) => id).join(' ')]);
}

describe('the explanation of an expression', () => {
  it('names each condition as it is written, and whether it held', () => {
    expect(explained('turns > 5 || (confirmed && !ended)')).toEqual([['turns > 5', false, ''], ['confirmed', false, ''], ['ended', false, '']]);
  });

  it.each([
    ['exists: those for which it held', 'signals.exists(s, s.name == "refund" && s.source == "system")', true, 'refund-3'],
    ['exists that does not hold: none', 'signals.exists(s, s.name == "sale")', false, ''],
    ['all that does not hold: those that are in the way', 'tool_calls.all(c, c.succeeded)', false, 'refund'],
    ['all that holds: none is in the way', 'verdicts.all(v, v.passed)', true, ''],
    ['a filter that something is asked of', 'signals.filter(s, s.name == "refund").exists(r, r.number > 20.0)', true, 'refund-3'],
    ['how many a filter leaves', 'size(signals.filter(s, s.source == "agent")) == 1', true, 'refund-4'],
    ['a list as a whole', 'size(verdicts) == 1', true, 'judged'],
    ['the last rating', 'csat <= 2', false, 'csat-6'],
    ['every rating', 'ratings.exists(r, r <= 2.0)', true, 'csat-5 csat-6'],
    ['what is summed up of a signal', 'handed_off', true, 'gave-up'],
    ['a comparison with it', 'handoff_reason == "angry"', true, 'gave-up'],
    ['what a judge says', 'verdicts.exists(v, v.name == "tone" && v.passed)', true, 'judged'],
  ])('names what it rests on: %s', (_what, text, held, ids) => {
    expect(explained(text)).toEqual([[text, held, ids]]);
  });

  it('says what cannot be said', () => {
    const unrated = { ...ROWS, signals: [] };
    expect(explained('handed_off || csat > 3', unrated)).toEqual([['handed_off', false, ''], ['csat > 3', null, '']]);
  });

  it('tells the ways of a choice apart', () => {
    expect(explained('handed_off ? csat > 3 : confirmed')).toEqual([['handed_off', true, 'gave-up'], ['csat > 3', true, 'csat-6'], ['confirmed', false, '']]);
  });

  it('names spans with their trace, and at most twenty things', () => {
    const result = compileExpression('tool_calls.exists(c, c.name == "x")', '', 'bool');
    const rows = { spans: Array.from({ length: 30 }, (_, n) => childRow('t', at(0), `s${String(n).padStart(2, '0')}`, { tool: 'x' })), signals: [] };
    const [part] = result.kind === 'compiled' ? result.expression.explain(factsOf(rows), sourcesOf(rows)) : [];
    expect(part?.restsOn).toHaveLength(20);
    expect(part?.restsOn[0]).toEqual({ kind: 'span', id: 's00', traceId: 't' });
  });
});

describe('what an expression may cost', () => {
  const problemOf = (text: string) => {
    const result = compileExpression(text, '', 'bool');
    return result.kind === 'invalid' ? result.problem : 'none';
  };

  it('is two loops within one another', () => {
    expect(problemOf('signals.exists(a, signals.exists(b, a.name == b.name))')).toBe('none');
    expect(problemOf('signals.exists(a, signals.exists(b, signals.exists(c, a.name == c.name)))')).toContain('has 3 loops within one another, and at most 2 are taken');
    // One after the other is not within.
    expect(problemOf(`${Array(5).fill('signals.exists(a, a.name == "x")').join(' && ')}`)).toBe('none');
  });

  it('is a hundred parts of depth, and ten thousand characters', () => {
    expect(problemOf(`${'(turns + '.repeat(120)}1${')'.repeat(120)} > 0`)).toContain('parts deep');
    expect(problemOf(Array(2000).fill('ended').join(' && '))).toContain('has 17996 characters, and at most 10000 are taken');
  });

  it('is bounded for patterns that would make others think for years', () => {
    const result = compileExpression('signals.exists(s, s.value.matches("^(a+)+$"))', '', 'bool');
    const rows = { spans: [spanRow('t', at(0))], signals: [signal('s', 1, 'system', `${'a'.repeat(3000)}!`)] };
    expect(result.kind === 'compiled' && result.expression.evaluate(factsOf(rows))).toBe(false);
  });
});
