import { describe, expect, it } from '@jest/globals';
import type { ConversationSpanRow } from '#traces';
import { summariseTurn } from './summarise-turn.js';

const row = (fields: Partial<ConversationSpanRow> & { from: number; to: number }): ConversationSpanRow =>
  ({
    trace_id: 't1',
    status: 'unset',
    task: 'reason',
    is_charged: 1,
    is_speculative: 0,
    is_used: null,
    cost_usd: null,
    started_at_ns: String(1_700_000_000_000_000_000n + BigInt(fields.from) * 1_000_000n),
    ended_at_ns: String(1_700_000_000_000_000_000n + BigInt(fields.to) * 1_000_000n),
    ...fields,
  }) as ConversationSpanRow;

describe('summariseTurn', () => {
  const turn = summariseTurn([
    // The root repeats what its children used: charged once, with them.
    row({ from: 0, to: 100, is_charged: 0, task: '', cost_usd: '0.013002' }),
    row({ from: 10, to: 30, cost_usd: '0.000002', task: 'classify-intent' }),
    row({ from: 10, to: 50, cost_usd: '0.003', is_speculative: 1, is_used: 0, task: 'draft-refund' }),
    row({ from: 60, to: 80, cost_usd: '0.01', is_speculative: 1, is_used: 1 }),
    row({ from: 60, to: 90, is_speculative: 1, is_used: 0, status: 'error', task: 'draft-refund' }),
  ]);

  it('measures the turn by all of its spans and the busy time by its model calls', () => {
    expect(turn).toMatchObject({ traceId: 't1', startedAtMs: 1_700_000_000_000, durationMs: 100, modelCalls: 4, busyMs: 70 });
    // 20 + 40 + 20 + 30 ms of calls in 70 ms.
    expect(turn.parallelism).toBeCloseTo(110 / 70, 10);
  });

  it('adds known costs exactly and counts the unknown beside them', () => {
    expect(turn.cost).toEqual({ knownUsd: '0.013002', unknownCalls: 1 });
    expect(turn.tasks).toEqual([
      { task: 'reason', calls: 1, failedCalls: 0, timeMs: 20, cost: { knownUsd: '0.01', unknownCalls: 0 } },
      { task: 'draft-refund', calls: 2, failedCalls: 1, timeMs: 70, cost: { knownUsd: '0.003', unknownCalls: 1 } },
      { task: 'classify-intent', calls: 1, failedCalls: 0, timeMs: 20, cost: { knownUsd: '0.000002', unknownCalls: 0 } },
    ]);
  });

  it('tells speculative calls that were used from those that were wasted', () => {
    expect(turn.speculation).toEqual({ calls: 3, usedCalls: 1, wastedCalls: 2, undecidedCalls: 0, wastedCost: { knownUsd: '0.003', unknownCalls: 1 } });
  });

  it('has no parallelism without calls', () => {
    expect(summariseTurn([row({ from: 0, to: 5, is_charged: 0 })])).toMatchObject({ modelCalls: 0, busyMs: 0, parallelism: 0, cost: { knownUsd: '0', unknownCalls: 0 } });
  });
});
