import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LossService, LossStore } from '#outcomes';
import { ManualClock } from '#platform';
import { bookNothing, CONTRACT, handoff, refund, signal, startOutcomesService, type OutcomesService, type SentTurn } from './outcomes-service.js';

const clock = new ManualClock('2026-11-10T12:00:00Z');
const NOVEMBER = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') };

let service: OutcomesService;
let losses: LossService;

beforeAll(async () => {
  service = await startOutcomesService(clock);
  losses = new LossService(new LossStore(service.stores.postgres), service.traces);
  await service.addOrganization('vendor');
  await service.addOrganization('rival');
  await service.contracts.apply('vendor', CONTRACT.replace('when: turns > 0', 'when: confirmed'), 'support.yaml');
  await service.contracts.activate('vendor', 'support', 1);
  const turn = (conversationId: string, given: Partial<SentTurn> = {}, at = '2026-11-05T12:00:00Z'): SentTurn => ({ conversationId, turn: '1', at, ...given });
  await service.send('vendor', turn('paid-1', { events: refund }), turn('paid-2', { events: [signal('customer_confirmed', 'customer')] }));
  // A hand-off and, on the record of the billing system, what was then done: 1.80 and 1.80 lost. Of the third nothing says what it would have been.
  for (const id of ['handed-1', 'handed-2']) await service.send('vendor', turn(id, { events: [...refund, ...handoff] }));
  await service.send('vendor', turn('handed-3', { events: handoff }));
  await service.sendRecord('vendor', 'handed-1', '2026-11-05T13:00:00Z', signal('address_changed', 'human'));
  await service.sendRecord('vendor', 'handed-3', '2026-11-05T13:00:00Z', signal('address_changed', 'human'));
  await service.send('vendor', turn('silent', {}), turn('test', { environment: 'test' }), turn('october', { events: handoff }, '2026-10-05T12:00:00Z'), turn('umbrella', { customer: 'umbrella', events: handoff }));
  await service.send('rival', turn('theirs', { events: handoff }));
  for (const organization of ['vendor', 'rival']) await service.decider().run(organization, bookNothing);
});
afterAll(() => service.close());

describe('losses', () => {
  it('are ranked by what the episodes would have earned, known or estimated, without tests and other windows', async () => {
    const { reasons } = await losses.read('vendor', NOVEMBER);
    // Two that were paid for earned 1.80 and 0.99: 1.395 on average.
    expect(reasons).toEqual([
      { reason: 'handed_over', currency: 'USD', episodes: 3, listedEpisodes: 2, listedMicros: 3_600_000n, estimatedMicros: 1_395_000n },
      { reason: 'no_contract', currency: 'USD', episodes: 1, listedEpisodes: 0, listedMicros: 0n, estimatedMicros: 1_395_000n },
      { reason: 'no_policy_held', currency: 'USD', episodes: 1, listedEpisodes: 0, listedMicros: 0n, estimatedMicros: 1_395_000n },
    ]);
  });

  it('name what people did after hand-offs, the most expensive first', async () => {
    const { steps } = await losses.read('vendor', { ...NOVEMBER, customerId: 'acme' });
    expect(steps.map(({ step, sources, episodes, lostMicros, unknownLosses, examples }) => [step, sources.join(), episodes, lostMicros, unknownLosses, examples.join()])).toEqual([
      ['refund', 'system', 2, 3_600_000n, 0, 'handed-1,handed-2'],
      ['address_changed', 'human', 2, 1_800_000n, 1, 'handed-1,handed-3'],
    ]);
    expect(steps[0]?.handoffReasons).toEqual([{ reason: 'customer_request', count: 2 }]);
  });

  it('are those of what stands: a revision takes the place of what it revised', async () => {
    await service.send('vendor', { conversationId: 'silent', turn: '1', at: '2026-11-05T12:00:00Z', part: 'late tool call' });
    await service.sendRecord('vendor', 'silent', '2026-11-05T12:00:00.500Z', ['astrolabe.handoff', { 'astrolabe.handoff.reason': 'late' }]);
    await service.decider().run('vendor', bookNothing);
    const { reasons } = await losses.read('vendor', { ...NOVEMBER, customerId: 'acme' });
    expect(reasons.map(({ reason, episodes }) => [reason, episodes])).toEqual([['handed_over', 4]]);
  });

  it('of an additive contract are none where another outcome of the episode was billed', async () => {
    const organizationId = 'additive';
    await service.addOrganization(organizationId);
    // What was sold cannot be priced without a number; that it was resolved can.
    const sold = '  - outcome: upsell\n    title: Something sold\n    when: signals.exists(s, s.name == "sold")\n    value: signals.filter(s, s.name == "sold").map(s, s.number).sum()\n    grade: judged\n    price: "0.10"\n';
    await service.contracts.apply(organizationId, CONTRACT.replace('policies:\n', `combine: additive\npolicies:\n${sold}`), 'support.yaml');
    await service.contracts.activate(organizationId, 'support', 1);
    await service.send(organizationId, { conversationId: 'c', turn: '1', at: '2026-11-05T12:00:00Z', events: [signal('sold', 'system', 'a lot'), ...refund] });
    await service.decider().run(organizationId, bookNothing);
    expect((await service.decisions.standing(organizationId, ['c'])).map(({ outcome, isBillable }) => [outcome, isBillable])).toContainEqual(['upsell', false]);
    expect(await losses.read(organizationId, NOVEMBER)).toEqual({ reasons: [], steps: [] });
    expect(await service.decisions.variantCounts(organizationId)).toEqual([{ variant: '', billable: 1, notBillable: 0 }]);
  });

  it('are one organization’s', async () => {
    expect((await losses.read('rival', NOVEMBER)).reasons).toMatchObject([{ reason: 'no_contract', episodes: 1, estimatedMicros: null }]);
    expect(await losses.read('nobody', NOVEMBER)).toEqual({ reasons: [], steps: [] });
  });
});
