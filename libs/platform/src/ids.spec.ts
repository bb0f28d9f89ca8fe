import { describe, expect, it } from '@jest/globals';
import { canonicalJson, derivedId, randomId } from './ids.js';

describe('ids', () => {
  it('derives the same id from the same parts and keeps parts apart', () => {
    expect(derivedId('dec', 'org', 'conv', 1)).toBe(derivedId('dec', 'org', 'conv', 1));
    expect(derivedId('dec', 'ab', 'c')).not.toBe(derivedId('dec', 'a', 'bc'));
    expect(derivedId('dec', 'a')).toMatch(/^dec_[0-9a-f]{32}$/);
    expect(randomId('key')).not.toBe(randomId('key'));
  });

  it('writes equal values as equal text', () => {
    expect(canonicalJson({ b: 1n, a: [{ d: 1, c: null }] })).toBe(canonicalJson({ a: [{ c: null, d: 1 }], b: 1n }));
    expect(canonicalJson({ b: 1n, a: 'x' })).toBe('{"a":"x","b":"1"}');
  });
});
