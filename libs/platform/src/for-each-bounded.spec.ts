import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { forEachBounded } from './for-each-bounded.js';

describe('forEachBounded', () => {
  it('does each once, at most so many at a time', async () => {
    const done: number[] = [];
    let [underWay, most] = [0, 0];
    await forEachBounded([1, 2, 3, 4, 5], 2, async (item) => {
      most = Math.max(most, ++underWay);
      await setImmediate();
      underWay--;
      done.push(item);
    });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('ends when nothing is under way any more, also after a failure', async () => {
    const done: number[] = [];
    const work = async (item: number) => {
      if (item === 1) throw new Error('the first');
      await setImmediate();
      done.push(item);
    };
    await expect(forEachBounded([1, 2, 3, 4], 2, work)).rejects.toThrow('the first');
    expect(done).toEqual([2, 3, 4]);
  });

  it('asks no more often than its limit where everything fails', async () => {
    let asked = 0;
    const work = async () => {
      asked++;
      await setImmediate();
      throw new Error('away');
    };
    await expect(forEachBounded([1, 2, 3, 4, 5], 2, work)).rejects.toThrow('away');
    expect(asked).toBe(2);
  });
});
