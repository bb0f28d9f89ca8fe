import { describe, expect, it } from '@jest/globals';
import { decideConversation, type DecideConversationInput } from './decide-conversation.js';
import type { Decision, DecisionChange } from './decision.js';
import type { EpisodeRows } from './facts.js';
import { contractWith, type ContractEdit } from './testing/contracts.js';
import { signalRow, spanRow } from './testing/episode-rows.js';

/* What contracts say beyond a policy and its price, on a conversation: each case is one that customers of outcome pricing complain about. */

const at = (time: string, day = 2) => `2026-11-${String(day).padStart(2, '0')}T${time}Z`;
const LATER = new Date('2026-12-31T00:00:00Z');
// $1.80 for a refund; 99 cents for a yes, 40 for silence.
const withTerms = (terms: string, ...edits: readonly ContractEdit[]) => contractWith(['quiet_window: 1h', `quiet_window: 1h\n${terms}`], ['{ customer_confirmed: 0.99 }', '{ customer_confirmed: 0.99, inferred: 0.40 }'], ...edits);

const turn = (traceId: string, time: string, ...signals: EpisodeRows['signals'][number][]): EpisodeRows => ({ spans: [spanRow(traceId, time)], signals });
const refund = (traceId: string, time: string) => signalRow(traceId, time, { kind: 'signal', name: 'refund', value: '30' });
const yes = (traceId: string, time: string) => signalRow(traceId, time, { kind: 'signal', name: 'customer_confirmed', source: 'customer' });
const join = (...all: readonly EpisodeRows[]): EpisodeRows => ({ spans: all.flatMap(({ spans }) => spans), signals: all.flatMap(({ signals }) => signals) });

/** A conversation that is looked at again and again, as the job would. */
class Conversation {
  standing: Decision[] = [];

  constructor(private readonly contract: DecideConversationInput['contracts'][number]) {}

  look(rows: EpisodeRows, now = LATER): DecisionChange[] {
    const { changes } = decideConversation({ organizationId: 'org', conversationId: 'c-1', rows, contracts: [this.contract], retired: [], standing: this.standing, now });
    const key = ({ episode, addition }: Decision) => `${episode} ${addition}`;
    const standing = new Map(this.standing.map((decision) => [key(decision), decision]));
    for (const { decision } of changes) standing.set(key(decision), decision);
    this.standing = [...standing.values()];
    return changes;
  }

  /** What stands, briefly. */
  get says() {
    return this.standing.map(({ episode, revision, outcome, reason, amountMicros, listed }) => [episode, revision, outcome, reason, Number(amountMicros) / 1e6, listed && Number(listed.amountMicros) / 1e6]);
  }
}

describe('a return within the reopen window', () => {
  const silent = turn('a', at('09:00:00'));
  const back = turn('b', at('09:00:00', 3));

  it('reverses an outcome that was only assumed, and opens the next episode', () => {
    const conversation = new Conversation(withTerms('reopen: { within: 3d }'));
    conversation.look(silent, new Date(at('10:00:01')));
    expect(conversation.says).toEqual([[1, 1, 'resolved', 'policy_held', 0.4, null]]);
    // As soon as the return is there, and not when it is over.
    const [change] = conversation.look(join(silent, back), new Date(at('09:10:00', 3)));
    expect(change).toMatchObject({ superseded: { revision: 1 }, decision: { isBillable: false, grade: 'inferred', factsSha256: change?.superseded?.factsSha256, decidedAt: new Date(at('09:10:00', 3)) } });
    expect(conversation.look(join(silent, back), new Date(at('09:10:00', 3)))).toEqual([]);
    conversation.look(join(silent, back));
    expect(conversation.says).toEqual([
      [1, 2, 'resolved', 'reopened', 0, 0.4],
      [2, 1, 'resolved', 'policy_held', 0.4, null],
    ]);
    expect(conversation.look(join(silent, back))).toEqual([]);
  });

  it('is decided in one go where both episodes were loaded at once', () => {
    const conversation = new Conversation(withTerms('reopen: { within: 3d }'));
    conversation.look(join(silent, back));
    expect(conversation.says).toEqual([
      [1, 1, 'resolved', 'reopened', 0, 0.4],
      [2, 1, 'resolved', 'policy_held', 0.4, null],
    ]);
  });

  it('leaves what was confirmed or verified, unless the contract says so', () => {
    const confirmed = turn('a', at('09:00:00'), yes('a', at('09:00:00')));
    const conversation = new Conversation(withTerms('reopen: { within: 3d }'));
    conversation.look(join(confirmed, back));
    expect(conversation.says[0]).toEqual([1, 1, 'resolved', 'policy_held', 0.99, null]);
    const strict = new Conversation(withTerms('reopen: { within: 3d, reverses: [customer_confirmed, inferred] }'));
    strict.look(join(confirmed, back));
    expect(strict.says[0]).toEqual([1, 1, 'resolved', 'reopened', 0, 0.99]);
  });

  it('is over with the window, to the millisecond', () => {
    const says = (time: string) => {
      const conversation = new Conversation(withTerms('reopen: { within: 24h }'));
      conversation.look(join(silent, turn('b', time)));
      return conversation.says[0]?.[3];
    };
    // The first turn ended at 09:00:01.
    expect([says(at('09:00:00.999', 3)), says(at('09:00:01', 3))]).toEqual(['reopened', 'policy_held']);
  });

  it('is taken back where a late turn shows that there was no pause', () => {
    const conversation = new Conversation(withTerms('reopen: { within: 3d }'));
    conversation.look(join(silent, turn('b', at('10:30:00'))));
    expect(conversation.says[0]).toEqual([1, 1, 'resolved', 'reopened', 0, 0.4]);
    conversation.look(join(silent, turn('b', at('10:30:00')), turn('late', at('09:45:00'))));
    expect(conversation.says).toEqual([
      [1, 2, 'resolved', 'policy_held', 0.4, null],
      [2, 2, 'none', 'episode_merged', 0, null],
    ]);
  });

  it('reverses also an episode whose spans are no longer kept, on the facts that it was decided on', () => {
    const conversation = new Conversation(withTerms('reopen: { within: 30d }'));
    conversation.look(silent);
    const [change] = conversation.look(back);
    expect(change).toMatchObject({ decision: { episode: 1, revision: 2, reason: 'reopened', facts: change?.superseded?.facts, evidence: change?.superseded?.evidence } });
    expect(conversation.look(back)).toEqual([]);
    expect(conversation.says.map(([, , , reason]) => reason)).toEqual(['reopened', 'policy_held']);
  });
});

describe('a contract that charges a conversation once', () => {
  const rows = join(turn('a', at('09:00:00')), turn('b', at('12:00:00')), turn('c', at('15:00:00')));

  it('bills the first episode and none after it', () => {
    const conversation = new Conversation(withTerms('charge_once_per: conversation'));
    conversation.look(rows);
    expect(conversation.says).toEqual([
      [1, 1, 'resolved', 'policy_held', 0.4, null],
      [2, 1, 'resolved', 'charged_already', 0, 0.4],
      [3, 1, 'resolved', 'charged_already', 0, 0.4],
    ]);
    expect(conversation.look(rows)).toEqual([]);
  });

  it('bills the next one where the first turns out to be nothing', () => {
    const conversation = new Conversation(withTerms('charge_once_per: conversation'));
    conversation.look(rows);
    conversation.look(join(rows, { spans: [], signals: [signalRow('a', at('09:00:00.500'), { kind: 'handoff', value: 'late' })] }));
    expect(conversation.says.map(([episode, revision, , reason]) => [episode, revision, reason])).toEqual([
      [1, 2, 'handed_over'],
      [2, 2, 'policy_held'],
      [3, 1, 'charged_already'],
    ]);
  });

  it('with a reopen window bills the last stretch alone: as Intercom does', () => {
    const conversation = new Conversation(withTerms('charge_once_per: conversation\nreopen: { within: 30d }'));
    conversation.look(rows);
    expect(conversation.says.map(([, , , reason]) => reason)).toEqual(['reopened', 'reopened', 'policy_held']);
  });
});

describe('the hold window', () => {
  const silent = turn('a', at('09:00:00'));
  const rated = join(silent, { spans: [], signals: [signalRow('a', at('09:00:00.500'), { kind: 'signal', name: 'csat', source: 'customer', value: '1' })] });

  it('is how long a decision may be revised, from when it was made', () => {
    const contract = withTerms('hold_window: 7d');
    const decidedAt = new Date(at('10:00:01'));
    const reasonAfter = (ms: number) => {
      const conversation = new Conversation(contract);
      conversation.look(silent, decidedAt);
      expect(conversation.standing[0]?.finalAt).toEqual(new Date(at('10:00:01', 9)));
      conversation.look(rated, new Date(decidedAt.getTime() + ms));
      return conversation.says[0]?.[3];
    };
    const week = 7 * 86_400_000;
    expect([reasonAfter(week - 1), reasonAfter(week)]).toEqual(['negative_rating', 'policy_held']);
  });

  it('does not keep a return from reversing what the contract says it reverses', () => {
    const conversation = new Conversation(withTerms('hold_window: 1h\nreopen: { within: 30d }'));
    conversation.look(silent, new Date(at('10:00:01')));
    conversation.look(join(silent, turn('b', at('09:00:00', 20))));
    expect(conversation.says[0]).toEqual([1, 2, 'resolved', 'reopened', 0, 0.4]);
  });

  it('keeps a final episode apart from a late turn that would have joined it to another', () => {
    const conversation = new Conversation(withTerms('hold_window: 1h'));
    const both = join(silent, turn('b', at('10:30:00')));
    conversation.look(both, new Date(at('12:00:00')));
    const before = conversation.says;
    expect(conversation.look(join(both, turn('late', at('09:45:00'))), new Date(at('14:00:00')))).toEqual([]);
    expect(conversation.says).toEqual(before);
  });

  it.each<[string, EpisodeRows]>([
    ['a late turn that came hours before it', turn('late', at('06:00:00'))],
    ['a late end between its turns', { spans: [], signals: [signalRow('a', at('09:00:00.900'), { kind: 'end' })] }],
  ])('charges what is final once, whatever cuts it anew: %s', (_, late) => {
    const conversation = new Conversation(withTerms('hold_window: 1h'));
    const two = join(turn('a', at('09:00:00')), turn('b', at('09:20:00')));
    conversation.look(two, new Date(at('10:30:00')));
    expect(conversation.says).toEqual([[1, 1, 'resolved', 'policy_held', 0.4, null]]);
    expect(conversation.look(join(two, late))).toEqual([]);
    // What comes after it is an episode of its own.
    conversation.look(join(two, late, turn('c', at('18:00:00'))));
    expect(conversation.standing.map(({ episode, evidence, amountMicros }) => [episode, evidence.traceIds, amountMicros])).toEqual([
      [1, ['a', 'b'], 400_000n],
      [2, ['c'], 400_000n],
    ]);
  });
});

describe('an additive contract', () => {
  const contract = withTerms('combine: additive');
  const both = turn('a', at('09:00:00'), refund('a', at('09:00:00')), yes('a', at('09:00:00.200')));

  it('bills each policy that holds, and carries the cost once', () => {
    const conversation = new Conversation(contract);
    const spans = [...both.spans, spanRow('a', at('09:00:00'), { span_id: 'call', parent_span_id: 'a-root', is_charged: 1, cost_usd: '0.02' })];
    conversation.look({ ...both, spans });
    expect(conversation.standing.map(({ addition, outcome, amountMicros, modelCostUsd }) => [addition, outcome, amountMicros, modelCostUsd])).toEqual([
      ['', 'refunded', 1_800_000n, '0.02'],
      ['resolved', 'resolved', 990_000n, '0'],
    ]);
    expect(new Set(conversation.standing.map(({ id }) => id)).size).toBe(2);
    expect(conversation.look({ ...both, spans })).toEqual([]);
  });

  it('takes an addition back by itself, and leaves the other', () => {
    const conversation = new Conversation(contract);
    conversation.look(both);
    // A tool that failed: no refund any more.
    const failed = join(both, { spans: [spanRow('a', at('09:00:00'), { span_id: 'tool', parent_span_id: 'a-root', tool: 'refund', status: 'error' })], signals: [] });
    const changes = conversation.look(failed);
    expect(changes.map(({ decision, superseded }) => [decision.addition, decision.outcome, decision.isBillable, decision.reason, superseded?.outcome])).toEqual([
      ['', 'resolved', true, 'policy_held', 'refunded'],
      ['resolved', 'none', false, 'no_policy_held', 'resolved'],
    ]);
    expect(conversation.standing.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)).toBe(990_000n);
    expect(conversation.look(failed)).toEqual([]);
  });
});

describe('a pilot', () => {
  it('is free, and records what it would have cost, by the day of the contract in its zone', () => {
    // In New York the third begins at 05:00 UTC.
    const says = (time: string) => {
      const conversation = new Conversation(withTerms('pilot: { until: 2026-11-03 }'));
      conversation.look(turn('a', time));
      return conversation.says[0];
    };
    expect(says(at('04:59:58', 3))).toEqual([1, 1, 'resolved', 'pilot', 0, 0.4]);
    expect(says(at('05:00:00', 3))).toEqual([1, 1, 'resolved', 'policy_held', 0.4, null]);
  });
});

describe('the value of an outcome', () => {
  const share = withTerms('', ['"1.80"', '"0.10"\n    value: signals.filter(s, s.name == "refund").map(s, s.number).sum()']);

  it('is how many units of its price it is', () => {
    const conversation = new Conversation(share);
    conversation.look(turn('a', at('09:00:00'), refund('a', at('09:00:00'))));
    expect(conversation.standing[0]).toMatchObject({ amountMicros: 3_000_000n, quantityMicros: 30_000_000n, isBillable: true });
  });

  it('is not zero where it is unknown', () => {
    const conversation = new Conversation(share);
    conversation.look(turn('a', at('09:00:00'), signalRow('a', at('09:00:00'), { kind: 'signal', name: 'refund', value: 'thirty' })));
    expect(conversation.standing[0]).toMatchObject({ outcome: 'refunded', isBillable: false, reason: 'value_unknown', listed: null });
  });
});

describe('what was not billable', () => {
  it('says what it would have been', () => {
    const conversation = new Conversation(withTerms(''));
    conversation.look(turn('a', at('09:00:00'), refund('a', at('09:00:00')), signalRow('a', at('09:00:00.500'), { kind: 'handoff', value: 'angry' })));
    expect(conversation.standing[0]).toMatchObject({ reason: 'handed_over', outcome: 'none', listed: { outcome: 'refunded', grade: 'system_verified', amountMicros: 1_800_000n } });
  });
});
