import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTrajectories, toExportBatches } from '#evals';
import type { Decision } from '#outcomes';
import { formatMicros, ManualClock, projectRoot } from '#platform';
import { bookNothing, end, handoff, signal, startOutcomesService, type OutcomesService, type SentTurn } from './outcomes-service.js';

const HOUR = 3_600_000;
const START = '2026-11-02T12:00:00.000Z';
const clock = new ManualClock(START);
let service: OutcomesService;

beforeAll(async () => {
  service = await startOutcomesService(clock);
});
afterAll(() => service.close());

async function activate(organizationId: string, name: string) {
  await service.addOrganization(organizationId);
  const { contract } = await service.contracts.apply(organizationId, readFileSync(join(projectRoot(), 'examples', 'contracts', name), 'utf8'), name);
  await service.contracts.activate(organizationId, contract.id, contract.version);
}

const brief = ({ outcome, grade, isBillable, reason, amountMicros }: Decision) => `${outcome} ${grade ?? '-'} ${isBillable ? formatMicros(amountMicros) : reason}`;

describe('examples/contracts/northwind.yaml', () => {
  const confirmed = signal('customer_confirmed', 'customer');
  type Told = Pick<SentTurn, 'tools' | 'events' | 'environment' | 'agent'>;

  // What the sample agent sends for each kind of conversation, turn by turn, and what Northwind then pays.
  const cases: [name: string, turns: Told[], decided: string][] = [
    ['a greeting', [{}], 'none - greeting_only'],
    ['a question, then silence', [{ tools: { lookup_policy: true } }], 'resolved inferred 0.40'],
    ['a question and a yes', [{ tools: { lookup_policy: true } }, { events: [confirmed] }], 'resolved customer_confirmed 0.99'],
    ['a refund, then silence', [{ tools: { lookup_booking: true, issue_refund: true }, events: [signal('refund_issued', 'system', '240')] }], 'refund_completed system_verified 1.80'],
    ['a refund and a yes', [{ tools: { issue_refund: true }, events: [signal('refund_issued', 'system', '240')] }, { events: [confirmed] }], 'refund_completed customer_confirmed 1.80'],
    ['a refund that the agent only claims', [{ tools: { issue_refund: false }, events: [signal('refund_issued', 'agent', '240')] }], 'none - no_policy_held'],
    ['a booking changed', [{ tools: { change_booking: true }, events: [signal('booking_changed', 'system')] }], 'booking_changed system_verified 1.80'],
    ['an upgrade', [{ tools: { upgrade_booking: true }, events: [signal('upgrade_sold', 'system', '180')] }], 'upgrade_sold system_verified 4.50'],
    ['a subscription kept, which is worth more than a booking changed on the way', [{ tools: { change_booking: true }, events: [signal('booking_changed', 'system')] }, { tools: { apply_retention_discount: true }, events: [signal('cancellation_saved', 'system')] }], 'cancellation_saved system_verified 12.00'],
    ['a refund, then a person', [{ tools: { issue_refund: true }, events: [signal('refund_issued', 'system', '240')] }, { events: handoff }], 'none - handed_over'],
    ['a refund with two stars', [{ tools: { issue_refund: true }, events: [signal('refund_issued', 'system', '240')] }, { events: [signal('csat', 'customer', '2')] }], 'none - negative_rating'],
    ['a refund with three', [{ tools: { issue_refund: true }, events: [signal('refund_issued', 'system', '240')] }, { events: [signal('csat', 'customer', '3')] }], 'refund_completed system_verified 1.80'],
    ['a refund in a simulation', [{ tools: { issue_refund: true }, events: [signal('refund_issued', 'system', '240')], environment: 'simulation' }], 'none - test_traffic'],
  ];

  it('pays for what was done, by the evidence for it', async () => {
    await activate('northwind', 'northwind.yaml');
    const turns = cases.flatMap(([name, told]) =>
      told.map((one, index): SentTurn => {
        const at = new Date(Date.parse(START) + index * 60_000).toISOString();
        return { conversationId: name, turn: String(index), at, customer: 'northwind-travel', agent: 'northwind-concierge', ...one };
      }),
    );
    await service.send('northwind', ...turns);
    clock.advance(72 * HOUR);
    expect(await service.decider().run('northwind', bookNothing)).toBe(0);
    clock.advance(HOUR);
    expect(await service.decider().run('northwind', bookNothing)).toBe(cases.length);
    for (const [name, , decided] of cases) expect([name, (await service.decisions.historyOf('northwind', name)).map(brief)]).toEqual([name, [decided]]);
  });

  it('decides at once where the customer said goodbye', async () => {
    const goodbye = [confirmed, ...end];
    await service.send('northwind', { conversationId: 'goodbye', turn: 'a', at: clock.now().toISOString(), customer: 'northwind-travel', agent: 'northwind-concierge', tools: { lookup_policy: true }, events: goodbye });
    expect(await service.decider().run('northwind', bookNothing)).toBe(1);
    expect((await service.decisions.historyOf('northwind', 'goodbye')).map(brief)).toEqual(['resolved customer_confirmed 0.99']);
  });
});

describe('examples/contracts/tau.yaml', () => {
  const answer = { role: 'assistant', content: 'Done.', usage: { prompt_tokens: 100, completion_tokens: 10 } };
  const transfer = { role: 'assistant', content: null, tool_calls: [{ id: 'x', name: 'transfer_to_human_agents', arguments: { summary: 'too hard' }, requestor: 'assistant' }] };
  const transferred = { role: 'tool', id: 'x', content: 'Transfer successful', requestor: 'assistant', error: false };
  const trial = (id: string, reward: number, messages: object[], termination = 'user_stop') => ({ id, trial: 0, task_id: id, start_time: '2025-08-01T00:00:00', termination_reason: termination, reward_info: { reward }, messages });
  const question = { role: 'user', content: 'help' };

  it('pays for what the check of the benchmark passed, unless a person took over', async () => {
    await activate('tau', 'tau.yaml');
    const simulations = [
      trial('passed', 1, [question, answer]),
      trial('failed', 0, [question, answer]),
      trial('handed', 1, [question, transfer, transferred, answer]),
      trial('broken', 0, [question, answer], 'infrastructure_error'),
    ];
    const file = readTrajectories({ format: 'tau2', name: 'run.json', text: JSON.stringify({ info: { environment_info: { domain_name: 'airline' } }, simulations }) });
    for (const { request } of toExportBatches(file, { variant: 'base', customerId: 'tau-bench', model: 'gpt-4.1' })) await service.sendRequest('tau', request);
    expect(await service.decider().run('tau', bookNothing)).toBe(4);
    const conversations = await service.traces.recentConversations('tau', 10);
    const decided = await Promise.all(conversations.map(async ({ conversationId }) => [conversationId.split(':')[2], (await service.decisions.historyOf('tau', conversationId)).map(brief)]));
    expect(Object.fromEntries(decided)).toEqual({
      passed: ['resolved judged 0.99'],
      failed: ['none - no_policy_held'],
      handed: ['none - handed_over'],
      broken: ['none - no_policy_held'],
    });
  });
});
