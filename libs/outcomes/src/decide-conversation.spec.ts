import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideConversation } from './decide-conversation.js';
import type { Decision } from './decision.js';
import type { EpisodeRows } from './facts.js';
import { contractWith, type ContractEdit } from './testing/contracts.js';
import { childRow, signalRow, spanRow } from './testing/episode-rows.js';

const at = (time: string) => `2026-11-02T${time}Z`;
const LATER = new Date('2026-11-09T00:00:00Z');
const CONTRACT = contractWith();
const refund = (traceId: string, time: string) => signalRow(traceId, time, { kind: 'signal', name: 'refund' });
const confirm = (traceId: string, time: string) => signalRow(traceId, time, { kind: 'signal', name: 'customer_confirmed', source: 'customer' });

type Input = Parameters<typeof decideConversation>[0];

function decideWith(rows: Partial<EpisodeRows>, given: Partial<Omit<Input, 'rows'>> = {}) {
  return decideConversation({ organizationId: 'org', conversationId: 'c-1', rows: { spans: [], signals: [], ...rows }, contracts: [CONTRACT], retired: [], standing: [], now: LATER, ...given });
}

/** What stands after changes, as the store would give it. */
function standingAfter(before: readonly Decision[], changes: ReturnType<typeof decideConversation>['changes']): Decision[] {
  const key = ({ episode, addition }: Decision) => `${episode} ${addition}`;
  const standing = new Map(before.map((decision) => [key(decision), decision]));
  for (const { decision } of changes) standing.set(key(decision), decision);
  return [...standing.values()];
}

describe('decideConversation', () => {
  const rows: EpisodeRows = { spans: [spanRow('a', at('09:00:00'))], signals: [refund('a', at('09:00:00'))] };

  it('decides an episode that is over, with its evidence and its cost', () => {
    const spans = [...rows.spans, childRow('a', at('09:00:00'), 'call', { is_charged: 1, cost_usd: '0.02' }), childRow('a', at('09:00:00'), 'other', { is_charged: 1 })];
    const { changes, dueAt } = decideWith({ ...rows, spans });
    expect(dueAt).toBeUndefined();
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      superseded: null,
      timeZone: 'America/New_York',
      decision: {
        conversationId: 'c-1',
        episode: 1,
        revision: 1,
        contractId: 'support',
        contractVersion: 1,
        customerId: 'acme',
        outcome: 'refunded',
        isBillable: true,
        amountMicros: 1_800_000n,
        currency: 'USD',
        evidence: { traceIds: ['a'], signalIds: [`a-${at('09:00:00')}-refund`] },
        modelCostUsd: '0.02',
        costUnknownSpans: 1,
        episodeStartedAt: new Date(at('09:00:00')),
        episodeEndedAt: new Date(at('09:00:01')),
        decidedAt: LATER,
        supersedes: null,
      },
    });
  });

  it('waits for what is not over, and says until when', () => {
    expect(decideWith(rows, { now: new Date(at('09:30:00')) })).toEqual({ changes: [], dueAt: new Date(at('10:00:01')) });
  });

  it('waits three days where no contract says how long, and then decides nothing billable', () => {
    const before = decideWith(rows, { contracts: [], now: new Date(at('23:00:00')) });
    expect(before).toEqual({ changes: [], dueAt: new Date('2026-11-05T09:00:01Z') });
    const { changes } = decideWith(rows, { contracts: [] });
    expect(changes[0]).toMatchObject({ timeZone: 'UTC', decision: { contractId: null, contractVersion: null, customerId: 'acme', outcome: 'none', isBillable: false, reason: 'no_contract', amountMicros: 0n } });
  });

  it('changes nothing when the facts are what they were', () => {
    const { changes } = decideWith(rows);
    expect(decideWith(rows, { standing: standingAfter([], changes), now: new Date('2027-01-01T00:00:00Z') })).toEqual({ changes: [], dueAt: undefined });
  });

  it('gives the same ids for the same input, and others for another episode, conversation or organization', () => {
    const idOf = (given: Partial<Omit<Input, 'rows'>> = {}) => decideWith(rows, given).changes[0]?.decision.id;
    expect(idOf()).toMatch(/^dec_[0-9a-f]{32}$/);
    expect(idOf({ now: new Date('2027-01-01T00:00:00Z') })).toBe(idOf());
    expect(new Set([idOf(), idOf({ conversationId: 'c-2' }), idOf({ organizationId: 'other' })]).size).toBe(3);
  });

  it('supersedes with the next revision when facts changed', () => {
    const standing = standingAfter([], decideWith(rows).changes);
    const handedOver = { ...rows, signals: [...rows.signals, signalRow('a', at('09:00:00.500'), { kind: 'handoff', value: 'late' })] };
    const { changes } = decideWith(handedOver, { standing });
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ superseded: { id: standing[0]?.id }, decision: { episode: 1, revision: 2, isBillable: false, reason: 'handed_over', supersedes: standing[0]?.id } });
  });

  it('opens a second episode for a return after the window, and leaves the first', () => {
    const standing = standingAfter([], decideWith(rows).changes);
    const { changes } = decideWith({ ...rows, spans: [...rows.spans, spanRow('b', at('12:00:00'))] }, { standing });
    expect(changes.map(({ decision }) => [decision.episode, decision.revision, decision.outcome])).toEqual([[2, 1, 'resolved']]);
  });

  it('decides the episodes before one that goes on', () => {
    const { changes, dueAt } = decideWith({ ...rows, spans: [...rows.spans, spanRow('b', at('12:00:00'))] }, { now: new Date(at('12:10:00')) });
    expect(changes.map(({ decision }) => decision.episode)).toEqual([1]);
    expect(dueAt).toEqual(new Date(at('13:00:01')));
  });

  it('takes back the second of two episodes that a late turn joins, with its cost', () => {
    const call = (traceId: string, time: string) => childRow(traceId, time, `${traceId}-call`, { is_charged: 1, cost_usd: '0.5' });
    const spans = [...rows.spans, call('a', at('09:00:00')), spanRow('c', at('10:30:00')), call('c', at('10:30:00'))];
    const signals = [...rows.signals, refund('c', at('10:30:00'))];
    const standing = standingAfter([], decideWith({ spans, signals }).changes);
    expect(standing.map(({ isBillable }) => isBillable)).toEqual([true, true]);

    const joined = decideWith({ spans: [...spans, spanRow('b', at('09:45:00'))], signals }, { standing });
    expect(joined.changes.map(({ decision }) => decision)).toMatchObject([
      { episode: 1, revision: 2, isBillable: true, outcome: 'refunded', modelCostUsd: '1' },
      { episode: 2, revision: 2, isBillable: false, outcome: 'none', reason: 'episode_merged', amountMicros: 0n, modelCostUsd: '0', costUnknownSpans: 0, supersedes: standing[1]?.id, evidence: { traceIds: [], signalIds: [] } },
    ]);
    const after = standingAfter(standing, joined.changes);
    expect(decideWith({ spans: [...spans, spanRow('b', at('09:45:00'))], signals }, { standing: after }).changes).toEqual([]);
    // A return takes the number up again.
    const apart = decideWith({ spans: [...spans, spanRow('b', at('09:45:00')), spanRow('d', at('18:00:00'))], signals }, { standing: after });
    expect(apart.changes.map(({ decision }) => [decision.episode, decision.revision, decision.reason])).toEqual([[2, 3, 'grade_not_priced']]);
  });

  it('lets decisions stand when the evidence cannot be found', () => {
    expect(decideWith({}, { standing: standingAfter([], decideWith(rows).changes) })).toEqual({ changes: [], dueAt: undefined });
  });

  it('names the dates of the contract as the reason, counted in its zone by the end of the episode', () => {
    // Ends at 23:30 on the last day in New York, which is the next day in UTC.
    const endOfTerm = { spans: [spanRow('a', '2026-11-03T04:30:00Z')], signals: [refund('a', '2026-11-03T04:30:00Z')] };
    const until = (day: string) => [contractWith(['version: 1', `version: 1\neffective_until: ${day}`])];
    expect(decideWith(endOfTerm, { contracts: until('2026-11-03') }).changes[0]?.decision).toMatchObject({ isBillable: true });
    expect(decideWith(endOfTerm, { contracts: until('2026-11-02') }).changes[0]?.decision).toMatchObject({ isBillable: false, reason: 'outside_contract_dates', contractId: 'support' });
  });

  it('decides a late span under the terms of the first decision, not under those that are active now', () => {
    const standing = standingAfter([], decideWith(rows).changes);
    const next = contractWith(['version: 1', 'version: 2\neffective_from: 2026-11-05'], ['"1.80"', '"9.00"'], ['1h', '10m']);
    const late = { ...rows, spans: [...rows.spans, spanRow('b', at('09:30:00'))], signals: [...rows.signals, confirm('b', at('09:30:00'))] };
    const { changes } = decideWith(late, { contracts: [next], retired: [CONTRACT], standing });
    expect(changes.map(({ decision }) => decision)).toMatchObject([{ episode: 1, revision: 2, contractVersion: 1, isBillable: true, amountMicros: 1_800_000n }]);
  });

  it('takes up the contract that names the customer once a late span says who that is', () => {
    const nameless = { ...rows, spans: [spanRow('a', at('09:00:00'), { customer_id: '' })] };
    const standing = standingAfter([], decideWith(nameless).changes);
    expect(standing[0]).toMatchObject({ reason: 'no_contract', customerId: '' });
    expect(decideWith(rows, { standing }).changes[0]?.decision).toMatchObject({ revision: 2, customerId: 'acme', isBillable: true });
  });
});

describe('two turns of the same instant', () => {
  it('are told apart by their traces, however alike their facts are', () => {
    const ending = (id: string): EpisodeRows => ({ spans: [spanRow(id, at('09:00:00'))], signals: [signalRow(id, at('09:00:00'), { kind: 'end' })] });
    const [a, b] = [ending('a'), ending('b')];
    const standing = standingAfter([], decideWith(b).changes);
    const both = decideWith({ spans: [...a.spans, ...b.spans], signals: [...a.signals, ...b.signals] }, { standing });
    expect(both.changes.map(({ decision }) => [decision.episode, decision.revision, decision.evidence.traceIds])).toEqual([[1, 2, ['a']], [2, 1, ['b']]]);
  });
});

describe('any order and batching of the same spans and signals', () => {
  // Somewhere in five hours, in steps of ten minutes, so that turns that come late join and part episodes.
  const turn = fc.record({ minute: fc.integer({ min: 0, max: 30 }), event: fc.constantFrom('none', 'refund', 'confirm', 'handoff', 'end', 'csat') });

  function rowsOf(turns: readonly { minute: number; event: string }[]): EpisodeRows {
    return turns.reduce<EpisodeRows>(
      ({ spans, signals }, { minute, event }, index) => {
        const id = `t${index}`;
        const time = new Date(Date.parse(at('00:00:00')) + minute * 600_000).toISOString();
        const child = childRow(id, time, `${id}-call`, { is_charged: 1, cost_usd: '0.25' });
        const signal = {
          none: [],
          refund: [refund(id, time)],
          confirm: [confirm(id, time)],
          handoff: [signalRow(id, time, { kind: 'handoff' })],
          end: [signalRow(id, time, { kind: 'end' })],
          csat: [signalRow(id, time, { kind: 'signal', name: 'csat', source: 'customer', value: '1' })],
        }[event];
        return { spans: [...spans, spanRow(id, time), child], signals: [...signals, ...(signal ?? [])] };
      },
      { spans: [], signals: [] },
    );
  }

  // Not the ids of the signals: a second hand-off that comes late changes no fact, and so makes no revision. A further outcome that was reached
  // for a while is as if it never had been.
  const essence = (standing: readonly Decision[]) =>
    standing
      .filter(({ reason, addition, isBillable }) => reason !== 'episode_merged' && (addition === '' || isBillable))
      .sort((a, b) => a.episode - b.episode || a.addition.localeCompare(b.addition))
      .map(({ episode, addition, outcome, isBillable, reason, grade, amountMicros, factsSha256, modelCostUsd, evidence }) => ({ episode, addition, outcome, isBillable, reason, grade, amountMicros, factsSha256, modelCostUsd, traceIds: evidence.traceIds }));

  const isPaidForSilence: ContractEdit = ['{ customer_confirmed: 0.99 }', '{ customer_confirmed: 0.99, inferred: 0.40 }'];
  const withTerms = (terms: string) => contractWith(['quiet_window: 1h', `quiet_window: 1h\n${terms}`], isPaidForSilence);

  it.each([
    ['plainly', CONTRACT],
    ['where a return reverses', withTerms('reopen: { within: 3h }')],
    ['where a conversation is charged once', withTerms('charge_once_per: conversation')],
    ['where it is charged once, and a return reverses', withTerms('charge_once_per: conversation\nreopen: { within: 3h }')],
    ['where each outcome is billed', withTerms('combine: additive')],
    ['where each outcome is billed, and a return reverses', withTerms('combine: additive\nreopen: { within: 3h }')],
    ['where an episode is short', withTerms('longest_episode: 2h')],
  ])('ends in the same decisions: %s', (_how, contract) => {
    const decideWithIt: typeof decideWith = (rows, given) => decideWith(rows, { contracts: [contract], ...given });
    const scenario = fc.array(turn, { minLength: 1, maxLength: 8 }).chain((turns) => {
      const all = rowsOf(turns);
      const arrivals = fc.shuffledSubarray([...all.spans.map((span) => ({ span })), ...all.signals.map((signal) => ({ signal }))], { minLength: all.spans.length + all.signals.length });
      // Each look is at what has come so far, at some time of the day.
      const looks = fc.array(fc.record({ arrived: fc.nat({ max: all.spans.length + all.signals.length }), hour: fc.nat({ max: 8 }) }), { minLength: 1, maxLength: 6 });
      return fc.record({ all: fc.constant(all), arrivals, looks });
    });
    fc.assert(
      fc.property(scenario, ({ all, arrivals, looks }) => {
        let standing: Decision[] = [];
        let [arrived, hour] = [0, 0];
        for (const look of looks) {
          [arrived, hour] = [Math.max(arrived, look.arrived), Math.max(hour, look.hour)];
          const seen = arrivals.slice(0, arrived);
          const rows = { spans: seen.flatMap((row) => ('span' in row ? [row.span] : [])), signals: seen.flatMap((row) => ('signal' in row ? [row.signal] : [])) };
          const now = new Date(Date.parse(at('00:00:00')) + hour * 3_600_000);
          standing = standingAfter(standing, decideWithIt(rows, { standing, now }).changes);
        }
        standing = standingAfter(standing, decideWithIt(all, { standing }).changes);
        expect(essence(standing)).toEqual(essence(standingAfter([], decideWithIt(all).changes)));
        expect(standing.reduce((sum, decision) => sum + Number(decision.modelCostUsd), 0)).toBe((all.spans.length / 2) * 0.25);
        expect(decideWithIt(all, { standing }).changes).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });
});
