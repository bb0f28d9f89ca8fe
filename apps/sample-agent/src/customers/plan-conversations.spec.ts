import { describe, expect, it } from '@jest/globals';
import { customerMessage } from './customer-message.js';
import { planConversations, type PlannedConversation } from './plan-conversations.js';

describe('planConversations', () => {
  const plan = planConversations({ seed: 7, count: 200 });

  it('is a function of the seed, and a longer plan begins with the shorter one', () => {
    expect(planConversations({ seed: 7, count: 200 })).toEqual(plan);
    expect(planConversations({ seed: 7, count: 30 })).toEqual(plan.slice(0, 30));
    expect(planConversations({ seed: 8, count: 200 })).not.toEqual(plan);
    expect(plan[0]?.id).toBe('nw-7-0001');
    expect(new Set(plan.map(({ id }) => id)).size).toBe(200);
  });

  it('has one to four turns, every purpose, several languages and customers who go silent', () => {
    expect(plan.every(({ moves }) => moves.length >= 1 && moves.length <= 4 && moves[0]?.kind === 'open')).toBe(true);
    expect(new Set(plan.map(({ purpose }) => purpose)).size).toBe(8);
    expect(new Set(plan.map(({ locale }) => locale)).size).toBe(4);
    const cases = plan.filter(({ purpose }) => purpose !== 'small_talk' && purpose !== 'asks_for_person');
    const silent = cases.filter(({ moves }) => !moves.some(({ kind }) => kind === 'react' || kind === 'rate'));
    expect(silent.length).toBeGreaterThan(0);
    expect(silent.length).toBeLessThan(cases.length);
  });
});

describe('customerMessage', () => {
  const refund = planConversations({ seed: 7, count: 200 }).find(({ purpose, locale }) => purpose === 'refund' && locale === 'en-GB');
  const react = { kind: 'react', ifUnhappy: 'complain', saysGoodbye: false } as const;

  it('confirms what was really done, and nothing else', () => {
    const plan = refund as PlannedConversation;
    const refunded = structuredClone(plan.world);
    const booking = refunded.bookings[plan.bookingReference];
    if (booking !== undefined) booking.status = 'refunded';
    expect(customerMessage(plan, react, { world: refunded, replies: [] })).toBe('Thank you, that worked.');
    expect(customerMessage(plan, react, { world: plan.world, replies: ['Done: you get it all back.'] })).toBe('That is not what I asked for.');
    expect(customerMessage(plan, { kind: 'rate' }, { world: plan.world, replies: [] })).toMatch(/^I rate this [12] out of 5\.$/);
    expect(customerMessage(plan, { kind: 'rate' }, { world: refunded, replies: [] })).toMatch(/^I rate this [45] out of 5\.$/);
  });
});
