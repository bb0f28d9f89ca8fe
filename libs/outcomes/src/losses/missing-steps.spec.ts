import { describe, expect, it } from '@jest/globals';
import { signalRow } from '../testing/episode-rows.js';
import { MissingSteps, type HandedOver } from './missing-steps.js';

const at = (second: number) => `2026-11-02T09:00:${String(second).padStart(2, '0')}Z`;
const handedOver = (conversationId: string, lostMicros: bigint | null, handoffReason = 'refund'): HandedOver => ({
  ...{ conversationId, startedAt: new Date(at(0)), followedAt: null, customerId: 'acme', currency: 'USD' },
  ...{ handoffReason, lostMicros },
});
const handoff = signalRow('a', at(5), { kind: 'handoff', value: 'refund' });
const did = (name: string, second: number, source = 'human') => signalRow('a', at(second), { kind: 'signal', name, source });

describe('MissingSteps', () => {
  it('ranks what people did after hand-offs by what was lost, and names why and where', () => {
    const steps = new MissingSteps();
    steps.add(handedOver('c-1', 990_000n), [handoff, did('refund_issued', 6)]);
    steps.add(handedOver('c-2', 1_800_000n, 'angry'), [handoff, did('voucher_sent', 6), did('refund_issued', 7, 'system'), did('refund_issued', 8)]);
    steps.add(handedOver('c-3', null), [handoff, did('refund_issued', 6)]);
    steps.add(handedOver('c-4', 400_000n), [handoff]);
    expect(steps.result()).toEqual([
      { step: 'refund_issued', sources: ['human', 'system'], currency: 'USD', episodes: 3, lostMicros: 2_790_000n, unknownLosses: 1, handoffReasons: [{ reason: 'refund', count: 2 }, { reason: 'angry', count: 1 }], examples: ['c-1', 'c-2', 'c-3'] },
      { step: 'voucher_sent', sources: ['human'], currency: 'USD', episodes: 1, lostMicros: 1_800_000n, unknownLosses: 0, handoffReasons: [{ reason: 'angry', count: 1 }], examples: ['c-2'] },
      { step: null, sources: [], currency: 'USD', episodes: 1, lostMicros: 400_000n, unknownLosses: 0, handoffReasons: [{ reason: 'refund', count: 1 }], examples: ['c-4'] },
    ]);
  });

  it('takes for a step neither what was done before, nor what the agent or the customer says', () => {
    const steps = new MissingSteps();
    steps.add(handedOver('c', 1n), [did('looked_up', 1, 'system'), handoff, did('csat', 6, 'customer'), did('apology', 7, 'agent'), signalRow('a', at(8), { kind: 'verdict', name: 'quality' })]);
    expect(steps.result()).toMatchObject([{ step: null, episodes: 1 }]);
  });

  it('counts to an episode what was done until the next one began, in which the agent had the conversation again', () => {
    const steps = new MissingSteps();
    const signals = [handoff, did('refund_issued', 6), did('order_changed', 12, 'system'), signalRow('a', at(15), { kind: 'handoff' }), did('voucher_sent', 16)];
    steps.add({ ...handedOver('c', 5n), followedAt: new Date(at(10)) }, signals);
    steps.add({ ...handedOver('c', 3n, 'angry'), startedAt: new Date(at(14)) }, signals);
    expect(steps.result().map(({ step, lostMicros, handoffReasons, examples }) => [step, lostMicros, handoffReasons[0]?.reason, examples])).toEqual([
      ['refund_issued', 5n, 'refund', ['c']],
      ['voucher_sent', 3n, 'angry', ['c']],
    ]);
  });

  it('tells what nobody was seen to do apart by why the agent gave up', () => {
    const steps = new MissingSteps();
    for (const reason of ['tariff unknown', 'angry', 'tariff unknown']) steps.add(handedOver('c', 2n, reason), [handoff]);
    expect(steps.result().map(({ step, episodes, lostMicros, handoffReasons }) => [step, episodes, lostMicros, handoffReasons])).toEqual([
      [null, 2, 4n, [{ reason: 'tariff unknown', count: 2 }]],
      [null, 1, 2n, [{ reason: 'angry', count: 1 }]],
    ]);
  });

  it('keeps currencies apart', () => {
    const steps = new MissingSteps();
    steps.add(handedOver('c-1', 5n), [handoff, did('refund_issued', 6)]);
    steps.add({ ...handedOver('c-2', 7n), currency: 'EUR' }, [handoff, did('refund_issued', 6)]);
    expect(steps.result().map(({ currency, lostMicros }) => [currency, lostMicros])).toEqual([['EUR', 7n], ['USD', 5n]]);
  });
});
