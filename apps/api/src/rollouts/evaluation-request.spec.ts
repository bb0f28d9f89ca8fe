import { describe, expect, it } from '@jest/globals';
import { readEvaluationContext } from './evaluation-request.js';

describe('readEvaluationContext', () => {
  it('keeps every attribute', () => {
    expect(readEvaluationContext({ context: { targetingKey: 'c', plan: 'gold' } })).toEqual({ targetingKey: 'c', plan: 'gold' });
  });

  it.each([
    ['unreadable_evaluation_request', undefined],
    ['unreadable_evaluation_request', null],
    ['unreadable_evaluation_request', 'context'],
    ['unreadable_evaluation_request', []],
    ['invalid_context', { context: 'c' }],
    ['invalid_context', { context: ['c'] }],
    ['invalid_context', { context: { targetingKey: 7 } }],
    ['invalid_context', { context: { targetingKey: 'x'.repeat(1025) } }],
    ['targeting_key_missing', {}],
    ['targeting_key_missing', { context: null }],
    ['targeting_key_missing', { context: { plan: 'gold' } }],
    ['targeting_key_missing', { context: { targetingKey: null } }],
    ['targeting_key_missing', { context: { targetingKey: '' } }],
  ])('refuses as %s: %j', (code, body) => {
    expect(() => readEvaluationContext(body)).toThrow(expect.objectContaining({ kind: 'invalid', code }));
  });
});
