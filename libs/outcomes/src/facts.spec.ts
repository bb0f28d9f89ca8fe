import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { factsOf, type EpisodeRows } from './facts.js';
import { childRow, nanoseconds, signalRow, spanRow } from './testing/episode-rows.js';

const NINE = '2026-11-02T09:00:00.000Z';
const TEN = '2026-11-02T10:00:00.000Z';

const EPISODE: EpisodeRows = {
  spans: [
    spanRow('t1', NINE, { locale: 'de-DE', channel: 'chat', variant: 'base' }),
    childRow('t1', NINE, 'a', { is_charged: 1, cost_usd: '0.000000000001', locale: 'xx' }),
    childRow('t1', NINE, 'b', { is_charged: 1, cost_usd: '0.1', status: 'error' }),
    childRow('t1', NINE, 'c', { tool: 'lookup', status: 'error' }),
    spanRow('t2', TEN, { locale: 'en-GB', variant: 'candidate' }),
    childRow('t2', '2026-11-02T10:00:00.500Z', 'd', { is_charged: 1, cost_usd: null }),
    childRow('t2', '2026-11-02T10:00:00.500Z', 'e', { is_charged: 0, cost_usd: '9' }),
    childRow('t2', '2026-11-02T10:00:00.600Z', 'f', { tool: 'refund', agent: 'refund-specialist', ended_at_ns: nanoseconds('2026-11-02T10:00:05.000Z') }),
  ],
  signals: [
    signalRow('t1', NINE, { kind: 'signal', name: 'csat', source: 'customer', value: '2' }),
    signalRow('t1', '2026-11-02T09:00:00.500Z', { kind: 'handoff', value: 'customer_request' }),
    signalRow('t2', TEN, { kind: 'signal', name: 'refund', value: '30.5' }),
    signalRow('t2', '2026-11-02T10:00:00.100Z', { kind: 'signal', name: 'csat', source: 'customer', value: '4' }),
    signalRow('t2', '2026-11-02T10:00:00.200Z', { kind: 'verdict', name: 'helpful', source: 'judge', attributes: { 'gen_ai.evaluation.score.label': 'Pass', 'gen_ai.evaluation.score.value': '0.5' } }),
    signalRow('t2', '2026-11-02T10:00:00.300Z', { kind: 'handoff', value: 'moderation' }),
  ],
};

describe('factsOf', () => {
  it('sums up an episode', () => {
    expect(factsOf(EPISODE)).toEqual({
      turns: 2,
      customer: 'acme',
      // The specialist is below the support agent, and does not rename it.
      agent: 'support',
      environment: 'production',
      is_test_traffic: false,
      is_internal_user: false,
      locale: 'en-GB',
      channel: 'chat',
      variant: 'candidate',
      tool_calls: [{ name: 'lookup', succeeded: false }, { name: 'refund', succeeded: true }],
      signals: [
        { name: 'csat', source: 'customer', value: '2', number: 2 },
        { name: 'refund', source: 'system', value: '30.5', number: 30.5 },
        { name: 'csat', source: 'customer', value: '4', number: 4 },
      ],
      verdicts: [{ name: 'helpful', label: 'Pass', score: 0.5, passed: true }],
      left_out: 0,
      handed_off: true,
      asked_for_person: false,
      human_involved: true,
      handoff_reason: 'customer_request',
      confirmed: false,
      csat: 4,
      ratings: [2, 4],
      is_spam: false,
      is_abuse: false,
      is_duplicate_contact: false,
      duration_ms: 3_605_000,
      ended: false,
      model_calls: 3,
      failed_model_calls: 1,
      cost_usd: '0.100000000001',
      cost_unknown_calls: 1,
      started_at: '2026-11-02T09:00:00.000Z',
      ended_at: '2026-11-02T10:00:05.000Z',
    });
  });

  it('does not depend on the order in which rows arrive', () => {
    const shuffled = <Row>(rows: readonly Row[]) => fc.shuffledSubarray([...rows], { minLength: rows.length });
    fc.assert(fc.property(shuffled(EPISODE.spans), shuffled(EPISODE.signals), (spans, signals) => expect(factsOf({ spans, signals })).toEqual(factsOf(EPISODE))));
  });

  const of = (...signals: EpisodeRows['signals']) => factsOf({ spans: [spanRow('t1', NINE)], signals });
  const said = (name: string, value: string, source = 'customer') => of(signalRow('t1', NINE, { kind: 'signal', name, value, source }));

  it('counts turns by their id where there is one, on whichever span of the trace it stands', () => {
    const turnsOf = (...spans: EpisodeRows['spans']) => factsOf({ spans, signals: [] }).turns;
    expect(turnsOf(spanRow('t1', NINE, { turn_id: 'x' }), childRow('t1', NINE, 'a'))).toBe(1);
    expect(turnsOf(spanRow('t1', NINE), childRow('t1', NINE, 'a', { turn_id: 'x' }), spanRow('t2', TEN, { turn_id: 'x' }))).toBe(1);
    expect(turnsOf(spanRow('t1', NINE, { turn_id: 'x' }), childRow('t1', TEN, 'a', { turn_id: 'y' }))).toBe(2);
    expect(turnsOf(spanRow('t1', NINE), spanRow('t2', TEN))).toBe(2);
  });

  it('takes a confirmation of the customer alone', () => {
    expect(said('customer_confirmed', '').confirmed).toBe(true);
    for (const no of ['false', 'False', ' NO ', '0']) expect(said('customer_confirmed', no).confirmed).toBe(false);
    expect(said('customer_confirmed', '', 'agent').confirmed).toBe(false);
  });

  it.each([
    ['4.5', 4.5],
    ['1', 1],
    ['0', null],
    ['10', null],
    ['', null],
    ['five', null],
    ['Infinity', null],
  ])('rates %j as %j', (value, csat) => {
    expect(said('csat', value).csat).toBe(csat);
  });

  it('takes a rating of the customer alone', () => {
    expect(said('csat', '1', 'agent').csat).toBeNull();
  });

  it.each([
    [{ label: 'PASSED', score: '0' }, true, 0],
    [{ label: 'fail', score: '1' }, false, 1],
    [{ label: '', score: '1' }, true, 1],
    [{ label: '', score: '0.99' }, false, 0.99],
    [{ label: '', score: '' }, false, null],
  ])('reads a verdict of %j', ({ label, score }, passed, number) => {
    const attributes = { 'gen_ai.evaluation.score.label': label, 'gen_ai.evaluation.score.value': score };
    expect(of(signalRow('t1', NINE, { kind: 'verdict', name: 'v', attributes })).verdicts).toEqual([{ name: 'v', label, score: number, passed }]);
  });

  it('reads the variant from an exposure where no span has it', () => {
    expect(of(signalRow('t1', NINE, { kind: 'exposure', value: 'candidate' })).variant).toBe('candidate');
  });

  it('knows an explicit end, and test traffic by its environment', () => {
    expect(of(signalRow('t1', NINE, { kind: 'end' })).ended).toBe(true);
    expect(factsOf({ spans: [spanRow('t1', NINE, { environment: 'Simulation' })], signals: [] }).is_test_traffic).toBe(true);
  });
});

describe('who took part, and in what', () => {
  const factsWith = (...signals: EpisodeRows['signals'][number][]) => factsOf({ spans: [spanRow('t', NINE)], signals });
  const observed = (name: string, source: string, value = '') => signalRow('t', NINE, { kind: 'signal', name, source, value });
  const judged = (name: string, label: string) => signalRow('t', NINE, { kind: 'verdict', name, source: 'judge', attributes: { 'gen_ai.evaluation.score.label': label } });

  it('is nobody but the customer and the agent, unless something says so', () => {
    expect(factsWith(observed('refund', 'system'), observed('spam', 'system', 'false'), judged('abuse', 'fail'))).toMatchObject({
      handed_off: false, asked_for_person: false, human_involved: false, is_spam: false, is_abuse: false, is_internal_user: false, is_duplicate_contact: false,
    });
  });

  it.each<[string, EpisodeRows['signals'][number], object]>([
    ['a hand-off', signalRow('t', NINE, { kind: 'handoff' }), { handed_off: true, human_involved: true }],
    ['what a person did', observed('note_added', 'human'), { handed_off: false, human_involved: true }],
    ['a customer who asks for a person', observed('asked_for_person', 'customer'), { asked_for_person: true, human_involved: false }],
    ['an agent who says that it was asked', observed('asked_for_person', 'agent'), { asked_for_person: false }],
    ['a filter that calls it spam', observed('spam', 'system', '0.97'), { is_spam: true }],
    ['a judge that calls it abuse', judged('abuse', 'yes'), { is_abuse: true }],
    ['somebody of the customer', observed('internal_user', 'system', 'true'), { is_internal_user: true }],
    ['a second contact', observed('duplicate_contact', 'system', 'c-7'), { is_duplicate_contact: true }],
  ])('follows from %s', (_what, signal, facts) => {
    expect(factsWith(signal)).toMatchObject(facts);
  });

  it('is somebody of the customer where the environment is internal', () => {
    expect(factsOf({ spans: [spanRow('t', NINE, { environment: 'Internal' })], signals: [] })).toMatchObject({ is_internal_user: true, is_test_traffic: false });
  });

  it('is looked at up to a thousand of a kind, the earliest; what is left out is counted', () => {
    const signals = Array.from({ length: 1003 }, (_, n) => signalRow('t', new Date(Date.parse(NINE) + n).toISOString(), { kind: 'signal', name: n === 1002 ? 'customer_confirmed' : `s${n}`, source: 'customer' }));
    const facts = factsWith(...signals.toReversed());
    expect([facts.signals.length, facts.signals[0]?.name, facts.signals.at(-1)?.name, facts.left_out]).toEqual([1000, 's0', 's999', 3]);
    // What is summed up is summed up of all.
    expect(facts.confirmed).toBe(true);
  });
});
