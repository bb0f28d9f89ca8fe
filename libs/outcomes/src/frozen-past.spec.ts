import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideConversation, type DecideConversationInput } from './decide-conversation.js';
import { EPISODE_MERGED, type Decision, type DecisionChange } from './decision.js';
import type { EpisodeRows } from './facts.js';
import { contractWith } from './testing/contracts.js';
import { childRow, signalRow, spanRow } from './testing/episode-rows.js';

// The contract waits an hour, pays $1.80 for a refund, and $0.99 for what the customer confirmed.
const CONTRACT = contractWith();
const at = (time: string, day = 2) => `2026-11-${String(day).padStart(2, '0')}T${time}Z`;
const LATER = new Date('2026-12-31T00:00:00Z');

type Given = Partial<Omit<DecideConversationInput, 'rows'>>;

function changesOf(rows: Partial<DecideConversationInput['rows']>, given: Given = {}): DecisionChange[] {
  return decideConversation({ organizationId: 'org', conversationId: 'c-1', rows: { spans: [], signals: [], ...rows }, contracts: [CONTRACT], retired: [], standing: [], now: LATER, ...given }).changes;
}

/** What stands after another look at the given rows. */
function standingAfter(rows: EpisodeRows, standing: readonly Decision[] = []): Decision[] {
  const byEpisode = new Map(standing.map((decision) => [decision.episode, decision]));
  for (const { decision } of changesOf(rows, { standing })) byEpisode.set(decision.episode, decision);
  return [...byEpisode.values()];
}

const brief = (changes: readonly DecisionChange[]) => changes.map(({ decision, superseded }) => [decision.episode, decision.revision, decision.outcome, decision.evidence.traceIds.join('+'), superseded?.id ?? null]);
const refund = (traceId: string, time: string) => signalRow(traceId, time, { kind: 'signal', name: 'refund', own_conversation_id: 'c-1' });
const refunded = (traceId: string, time: string): EpisodeRows => ({ spans: [spanRow(traceId, time), childRow(traceId, time, `${traceId}-call`, { is_charged: 1, cost_usd: '0.25' })], signals: [refund(traceId, time)] });
const join = (...all: readonly EpisodeRows[]): EpisodeRows => ({ spans: all.flatMap(({ spans }) => spans), signals: all.flatMap(({ signals }) => signals) });
/** Spans expire; the signals of a trace stay. */
const expired = (rows: EpisodeRows): EpisodeRows => ({ ...rows, spans: [] });

describe('an episode whose spans are gone', () => {
  const first = refunded('a', at('09:00:00'));
  const standing = standingAfter(first);
  const back = { spans: [spanRow('z', at('09:00:00', 20))], signals: [] };

  it('stands, and a return is the next episode, without the signals of the first', () => {
    expect(standing).toMatchObject([{ episode: 1, isBillable: true, amountMicros: 1_800_000n }]);
    expect(changesOf(expired(first), { standing })).toEqual([]);
    expect(brief(changesOf(join(expired(first), back), { standing }))).toEqual([[2, 1, 'resolved', 'z', null]]);
    expect(changesOf(join(expired(first), back), { standing: standingAfter(join(expired(first), back), standing) })).toEqual([]);
  });

  it('leaves the return the number that it has while everything is there', () => {
    const all = join(first, back);
    const both = standingAfter(all, standing);
    expect(changesOf(join(expired(first), back), { standing: both })).toEqual([]);
    expect(standingAfter(join(expired(first), back), standing).map(({ id }) => id)).toEqual(both.map(({ id }) => id));
  });

  it('is not changed by what is observed late of it, and neither is what came after', () => {
    const rating = (time: string, traceId: string) => signalRow(traceId, time, { kind: 'signal', name: 'csat', source: 'customer', value: '1', own_conversation_id: 'c-1' });
    const both = standingAfter(join(expired(first), back), standing);
    // Before the return; and after it, but of the first trace.
    const late = [rating(at('09:30:00'), ''), rating(at('09:30:00', 19), 'elsewhere'), rating(at('11:00:00', 20), 'a')];
    expect(changesOf({ spans: back.spans, signals: [...first.signals, ...late] }, { standing: both })).toEqual([]);
    expect(brief(changesOf({ spans: back.spans, signals: [rating(at('11:00:00', 20), '')] }, { standing: both }))).toEqual([[2, 2, 'none', 'z', both[1]?.id]]);
  });

  it('takes in a turn that would have been part of it, and none that begins when it was over', () => {
    const turnAt = (time: string) => ({ spans: [spanRow('late', time)], signals: [refund('late', time)] });
    // Its last span ended a second after nine, and the window is an hour.
    for (const time of [at('08:00:00'), at('09:30:00'), at('10:00:00')]) expect(changesOf(join(expired(first), turnAt(time)), { standing })).toEqual([]);
    expect(brief(changesOf(join(expired(first), turnAt(at('10:00:01'))), { standing }))).toEqual([[2, 1, 'refunded', 'late', null]]);
  });

  it('takes in nothing after an explicit end', () => {
    const ended = join(first, { spans: [], signals: [signalRow('a', at('09:00:00'), { kind: 'end' })] });
    expect(brief(changesOf(join(expired(ended), refunded('b', at('09:00:01'))), { standing: standingAfter(ended) }))).toEqual([[2, 1, 'refunded', 'b', null]]);
  });

  it('gives the number of what it was joined with to nobody', () => {
    const apart = join(first, refunded('c', at('10:30:00')));
    const joined = join(apart, { spans: [spanRow('b', at('09:45:00'))], signals: [] });
    const merged = standingAfter(joined, standingAfter(apart));
    expect(merged.map(({ reason }) => reason)).toEqual(['policy_held', EPISODE_MERGED]);
    expect(brief(changesOf(join(expired(joined), back), { standing: merged }))).toEqual([[3, 1, 'resolved', 'z', null]]);
  });
});

describe('an episode of which a part is gone', () => {
  const late = childRow('b', at('09:10:00.500'), 'late', { tool: 'lookup', status: 'error' });
  const [a, b, next] = [refunded('a', at('09:00:00')), refunded('b', at('09:10:00')), refunded('c', at('12:00:00'))] as const;
  const standing = standingAfter(join(a, b, next));

  it('is decided anew on a late span while it is complete', () => {
    expect(brief(changesOf(join(a, b, next, { spans: [late], signals: [] }), { standing }))).toMatchObject([[1, 2, 'resolved', 'a+b', standing[0]?.id]]);
  });

  it.each([
    ['a turn', join(expired(a), b)],
    ['a root', { ...join(a, b), spans: join(a, b).spans.filter(({ span_id }) => span_id !== 'a-root') }],
    ['a call below it', { ...join(a, b), spans: join(a, b).spans.filter(({ span_id }) => span_id !== 'b-call') }],
    ['a signal', { ...join(a, b), signals: b.signals }],
  ])('is not, when %s is gone; the next one is', (_what, rest) => {
    const rows = join(rest, next, { spans: [late], signals: [] });
    expect(changesOf(rows, { standing })).toEqual([]);
    const handover = signalRow('c', at('12:00:00.500'), { kind: 'handoff' });
    expect(brief(changesOf(join(rows, { spans: [], signals: [handover] }), { standing }))).toEqual([[2, 2, 'none', 'c', standing[1]?.id]]);
  });

  it('is not joined to the next by turns between them', () => {
    const between = join(refunded('x', at('10:05:00')), refunded('y', at('11:01:00')));
    expect(brief(changesOf(join(a, b, next, between), { standing }))[1]).toEqual([2, 2, 'none', '', standing[1]?.id]);
    // The first is taken in; the second began when what is frozen was over, and is one episode with the next.
    expect(brief(changesOf(join(expired(a), b, next, between), { standing }))).toEqual([[2, 2, 'refunded', 'y+c', standing[1]?.id]]);
  });

  it('is decided anew when the trace has another owner now', () => {
    const rows = { ...join(b, next), movedIds: new Set(['a']) };
    expect(brief(changesOf(rows, { standing }))).toEqual([[1, 2, 'refunded', 'b', standing[0]?.id]]);
    expect(changesOf({ ...join(next), movedIds: new Set(['a']) }, { standing })).toEqual([]);
  });

  it('goes by its traces where the decision is older than the marks of spans', () => {
    const unmarked = standing.map((decision) => ({ ...decision, evidence: { traceIds: decision.evidence.traceIds, signalIds: decision.evidence.signalIds } }));
    expect(changesOf(join(expired(a), b, next), { standing: unmarked })).toEqual([]);
    expect(changesOf(join(a, b, next), { standing: unmarked })).toEqual([]);
  });
});

describe('whatever is deleted', () => {
  const EVENTS = ['none', 'refund', 'confirm', 'handoff', 'end', 'traceless'] as const;
  const turn = fc.record({ minute: fc.integer({ min: 0, max: 40 }), event: fc.constantFrom(...EVENTS), isLate: fc.boolean() });

  function rowsOf({ minute, event }: { minute: number; event: (typeof EVENTS)[number] }, index: number): EpisodeRows {
    const [id, time] = [`t${index}`, new Date(Date.parse(at('00:00:00')) + minute * 600_000).toISOString()];
    const signals = {
      none: [],
      refund: [refund(id, time)],
      confirm: [signalRow(id, time, { kind: 'signal', name: 'customer_confirmed', source: 'customer' })],
      handoff: [signalRow(id, time, { kind: 'handoff' })],
      end: [signalRow(id, time, { kind: 'end' })],
      traceless: [signalRow('', time, { kind: 'signal', name: 'refund', own_conversation_id: 'c-1', signal_id: `traceless-${index}` })],
    }[event];
    return { spans: refunded(id, time).spans, signals };
  }

  const inTime = (rows: EpisodeRows) =>
    [...rows.spans.map((span) => ({ ns: BigInt(span.started_at_ns), span })), ...rows.signals.map((signal) => ({ ns: BigInt(signal.at_ns), signal }))].sort((a, b) => Number(a.ns - b.ns));
  type Row = ReturnType<typeof inTime>[number];
  const rowsFrom = (rows: readonly Row[]): EpisodeRows => ({ spans: rows.flatMap((row) => ('span' in row ? [row.span] : [])), signals: rows.flatMap((row) => ('signal' in row ? [row.signal] : [])) });

  // All but the late turns is decided before they come, so that some decisions are about episodes that they joined.
  const decidedTwice = fc.array(turn, { minLength: 1, maxLength: 8 }).map((turns) => {
    const all = join(...turns.map(rowsOf));
    const punctual = turns.map(rowsOf).filter((_, index) => turns[index]?.isLate === false);
    return { all, standing: standingAfter(all, standingAfter(join(...punctual))) };
  });
  const back = refunded('back', at('09:00:00', 20));

  function expectNothingReversed(rows: EpisodeRows, standing: readonly Decision[]) {
    expect(changesOf(rows, { standing })).toEqual([]);
    const changes = changesOf(join(rows, back), { standing });
    expect(changes.map(({ superseded }) => superseded?.reason ?? EPISODE_MERGED)).toEqual([EPISODE_MERGED]);
    expect(changes[0]?.decision).toMatchObject({ isBillable: true, evidence: { traceIds: ['back'] } });
    expect(changesOf(join(rows, back), { standing: standingAfter(join(rows, back), standing) })).toEqual([]);
  }

  it('from the front, no decision that stands is changed, and a return has one of its own', () => {
    fc.assert(
      fc.property(decidedTwice, fc.nat({ max: 40 }), ({ all, standing }, count) => {
        expectNothingReversed(rowsFrom(inTime(all).slice(count)), standing);
        // Signals stay where only spans expire.
        expectNothingReversed({ spans: rowsFrom(inTime(all).slice(count)).spans, signals: all.signals }, standing);
      }),
      { numRuns: 300 },
    );
  });

  it('in any order, part by part', () => {
    const left = decidedTwice.chain(({ all, standing }) => fc.record({ standing: fc.constant(standing), spans: fc.subarray([...all.spans]), signals: fc.constant(all.signals) }));
    fc.assert(fc.property(left, ({ standing, ...rows }) => expectNothingReversed(rows, standing)), { numRuns: 300 });
  });
});
