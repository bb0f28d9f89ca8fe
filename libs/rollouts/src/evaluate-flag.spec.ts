import { describe, expect, it } from '@jest/globals';
import { evaluateFlag } from './evaluate-flag.js';
import type { Rollout } from './rollout-definition.js';

const rollout: Rollout = {
  flagKey: 'model-refund',
  salt: 'salt-1',
  agent: 'support',
  task: 'reason',
  base: { name: 'sonnet', value: { model: 'sonnet' } },
  candidate: { name: 'mini', value: { model: 'mini' } },
  exposureBp: 5500,
  isEnabled: true,
  updatedAt: new Date('2026-11-01T00:00:00Z'),
};

// By the vectors of assign-variant.spec.ts, conv-1 has the place 5793 and conv-2 the place 5368.
const conv1 = { targetingKey: 'conv-1' };
const conv2 = { targetingKey: 'conv-2' };

describe('evaluateFlag', () => {
  it('splits by the targeting key', () => {
    const flagMetadata = { agent: 'support', task: 'reason', exposureBp: 5500 };
    expect(evaluateFlag(rollout, conv1)).toEqual({ flagKey: 'model-refund', value: { model: 'sonnet' }, variant: 'sonnet', reason: 'SPLIT', flagMetadata });
    expect(evaluateFlag(rollout, conv2)).toEqual({ flagKey: 'model-refund', value: { model: 'mini' }, variant: 'mini', reason: 'SPLIT', flagMetadata });
  });

  it('looks at nothing else of the context', () => {
    expect(evaluateFlag(rollout, { ...conv1, plan: 'gold' })).toEqual(evaluateFlag(rollout, conv1));
  });

  it('moves a place in exactly when the exposure passes it', () => {
    expect(evaluateFlag({ ...rollout, exposureBp: 5793 }, conv1).variant).toBe('sonnet');
    expect(evaluateFlag({ ...rollout, exposureBp: 5794 }, conv1).variant).toBe('mini');
  });

  it('is static at both ends', () => {
    expect(evaluateFlag({ ...rollout, exposureBp: 0 }, conv2)).toMatchObject({ variant: 'sonnet', reason: 'STATIC' });
    expect(evaluateFlag({ ...rollout, exposureBp: 10_000 }, conv1)).toMatchObject({ variant: 'mini', reason: 'STATIC' });
  });

  it('gives everybody the base when it is disabled', () => {
    expect(evaluateFlag({ ...rollout, isEnabled: false, exposureBp: 10_000 }, conv2)).toMatchObject({ variant: 'sonnet', reason: 'DISABLED' });
  });
});
