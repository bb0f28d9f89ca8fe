import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatMicros, projectRoot } from '#platform';
import { decideConversation } from './decide-conversation.js';
import type { Decision } from './decision.js';
import type { EpisodeRows } from './facts.js';
import { ratePeriod } from './rating/rate-period.js';
import { readContract } from './read-contract.js';
import { signalRow, spanRow } from './testing/episode-rows.js';

/*
 * The definitions that vendors publish, as contracts (examples/contracts), at their edges: what counts, what does not, and what is taken back.
 */

const contractOf = (name: string) => readContract(readFileSync(join(projectRoot(), 'examples', 'contracts', `${name}-style.yaml`), 'utf8'), `${name}-style.yaml`);
const DAY = 86_400_000;
const START = Date.parse('2026-11-02T09:00:00Z');
const at = (day: number, seconds = 0) => new Date(START + day * DAY + seconds * 1000).toISOString();

type Said = (traceId: string, time: string) => EpisodeRows['signals'][number];
const signal = (name: string, source: string, value = ''): Said => (traceId, time) => signalRow(traceId, time, { kind: 'signal', name, source, value, signal_id: `${traceId}-${name}-${value}` });
const verdict = (name: string, label: string): Said => (traceId, time) => signalRow(traceId, time, { kind: 'verdict', name, source: 'judge', signal_id: `${traceId}-${name}-${label}`, attributes: { 'gen_ai.evaluation.score.label': label } });
const handoff: Said = (traceId, time) => signalRow(traceId, time, { kind: 'handoff', value: 'asked' });
const confirmed = signal('customer_confirmed', 'customer', 'true');

/** What stands of a conversation with a turn on each of the given days, looked at just before each next turn and a year later. */
function decided(vendor: string, ...turns: readonly (readonly [day: number, ...said: Said[]])[]): string[] {
  const contract = contractOf(vendor);
  let standing: Decision[] = [];
  for (let count = 1; count <= turns.length; count++) {
    const told = turns.slice(0, count);
    const rows: EpisodeRows = {
      spans: told.map(([day], index) => spanRow(`t${index}`, at(day), { agent: vendor })),
      signals: told.flatMap(([day, ...said], index) => said.map((say, second) => say(`t${index}`, at(day, second + 1)))),
    };
    const [nextDay = 365] = turns[count] ?? [];
    const { changes } = decideConversation({ organizationId: 'o', conversationId: 'c', rows, contracts: [contract], retired: [], standing, now: new Date(Date.parse(at(nextDay)) - 1) });
    const byKey = new Map(standing.map((decision) => [`${decision.episode} ${decision.addition}`, decision]));
    for (const { decision } of changes) byKey.set(`${decision.episode} ${decision.addition}`, decision);
    standing = [...byKey.values()];
  }
  return standing.map(({ outcome, isBillable, reason, amountMicros }) => (isBillable ? `${outcome} ${formatMicros(amountMicros)}` : reason));
}

describe('as Intercom pays for Fin', () => {
  it.each<[string, Parameters<typeof decided>[1][], string[]]>([
    ['the customer confirms', [[0, confirmed]], ['resolved 0.99']],
    ['the customer leaves', [[0]], ['resolved 0.99']],
    ['the customer asks for a person', [[0, signal('asked_for_person', 'customer')]], ['asked_for_person']],
    ['it hands over', [[0, handoff]], ['handed_over']],
    ['the customer comes back after a week: the first charge is taken back, and one is left', [[0], [7]], ['reopened', 'resolved 0.99']],
    ['even what was confirmed, in the next month', [[0, confirmed], [29, handoff]], ['reopened', 'handed_over']],
    ['the customer comes back after the window: the conversation is paid for', [[0], [31]], ['resolved 0.99', 'charged_already']],
  ])('%s', (_what, turns, expected) => {
    expect(decided('fin', ...turns)).toEqual(expected);
  });
});

describe('as Zendesk pays for automated resolutions', () => {
  it.each<[string, Parameters<typeof decided>[1][], string[]]>([
    ['verified, and quiet for three days', [[0, verdict('relevant', 'pass')]], ['automated_resolution 1.50']],
    ['silence that nobody verified', [[0]], ['no_policy_held']],
    ['verification failed', [[0, verdict('relevant', 'fail')]], ['no_policy_held']],
    ['verified and refuted', [[0, verdict('relevant', 'pass')], [1, verdict('relevant', 'fail')]], ['no_policy_held']],
    ['escalated after it was verified', [[0, verdict('relevant', 'pass')], [2, handoff]], ['handed_over']],
    ['asked again on the third day: one case', [[0, verdict('relevant', 'pass')], [2.9]], ['automated_resolution 1.50']],
    ['asked again on the fourth: two', [[0, verdict('relevant', 'pass')], [3.1, verdict('relevant', 'pass')]], ['automated_resolution 1.50', 'automated_resolution 1.50']],
  ])('%s', (_what, turns, expected) => {
    expect(decided('zendesk', ...turns)).toEqual(expected);
  });

  it('costs less from the thousandth on', () => {
    const counted = (count: number) => ratePeriod(contractOf('zendesk'), [{ outcome: 'automated_resolution', grade: 'judged', count, quantity: BigInt(count) * 1_000_000n }]).totalMicros;
    // 1000 * 1.50 + 500 * 1.20
    expect([counted(1000), counted(1500)].map((micros) => formatMicros(micros))).toEqual(['1500.00', '2100.00']);
  });
});

describe('as Ada pays for automated resolutions', () => {
  const all = [verdict('relevant', 'yes'), verdict('accurate', 'yes'), verdict('safe', 'yes')];

  it.each<[string, Parameters<typeof decided>[1][], string[]]>([
    ['relevant, accurate and safe', [[0, ...all]], ['automated_resolution 1.00']],
    ['two of three', [[0, ...all.slice(0, 2)]], ['no_policy_held']],
    ['a wrong answer', [[0, ...all, verdict('accurate', 'no')]], ['no_policy_held']],
    ['a person took part, though nothing was handed over', [[0, ...all, signal('note_added', 'human')]], ['human_touched']],
    ['spam', [[0, ...all, signal('spam', 'system')]], ['spam_or_bot']],
  ])('%s', (_what, turns, expected) => {
    expect(decided('ada', ...turns)).toEqual(expected);
  });
});

describe('as Sierra is paid for the job done', () => {
  const saved = signal('cancellation_saved', 'system');
  const sold = (value: string) => signal('upgrade_sold', 'system', value);

  it.each<[string, Parameters<typeof decided>[1][], string[]]>([
    ['a case that the system shows as closed', [[0, signal('case_closed', 'system')]], ['resolved 2.00']],
    ['a case that a judge takes for resolved', [[0, verdict('resolved', 'pass')]], ['resolved 1.00']],
    ['silence', [[0]], ['no_policy_held']],
    ['what the agent says of itself', [[0, signal('case_closed', 'agent')]], ['no_policy_held']],
    ['a bad rating', [[0, signal('case_closed', 'system'), signal('csat', 'customer', '1')]], ['no_policy_held']],
    ['a cancellation saved', [[0, saved]], ['cancellation_saved 12.00']],
    ['and undone in the same case', [[0, saved], [1, signal('subscription_cancelled', 'system')]], ['no_policy_held']],
    ['a tenth of what was sold, twice', [[0, sold('180'), sold('19.95')]], ['upsell 19.995']],
    ['a sale without a sum is an outcome of unknown value, and not of none', [[0, sold('lots')]], ['value_unknown']],
    ['saved, sold and confirmed: each is worth something', [[0, saved, sold('100'), confirmed]], ['cancellation_saved 12.00', 'upsell 10.00', 'resolved 2.00']],
    ['all of it, and then a person', [[0, saved, sold('100'), confirmed], [1, handoff]], ['handed_over']],
    ['a judge was wrong: the customer is back', [[0, verdict('resolved', 'pass')], [5, confirmed]], ['reopened', 'resolved 2.00']],
    ['what the system verified stands', [[0, signal('case_closed', 'system')], [5]], ['resolved 2.00', 'no_policy_held']],
  ])('%s', (_what, turns, expected) => {
    expect(decided('sierra', ...turns)).toEqual(expected);
  });
});
