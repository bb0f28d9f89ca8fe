import { describe, expect, it } from '@jest/globals';
import { PairCache } from './pair-cache.js';

describe('PairCache', () => {
  it('works a pair out once, and keeps pairs apart', () => {
    const cache = new PairCache<string>(10);
    const asked: string[] = [];
    const workOut = (first: string, second: string) => {
      asked.push(`${first}|${second}`);
      return `${first}|${second}`;
    };
    for (const [first, second] of [['ab', 'c'], ['a', 'bc'], ['ab', 'c'], ['a', 'c']] as const) {
      expect(cache.getOr(first, second, workOut)).toBe(`${first}|${second}`);
    }
    expect(asked).toEqual(['ab|c', 'a|bc', 'a|c']);
  });

  it('never holds more than it may', () => {
    const cache = new PairCache<number>(3);
    for (let i = 0; i < 100; i++) {
      expect(cache.getOr(`provider-${i % 2}`, `model-${i}`, () => i)).toBe(i);
      expect(cache.size).toBeLessThanOrEqual(3);
    }
    expect(cache.getOr('provider-1', 'model-99', () => -1)).toBe(99);
  });
});
