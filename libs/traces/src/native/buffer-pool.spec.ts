import { describe, expect, it } from '@jest/globals';
import { BufferPool } from './buffer-pool.js';

describe('BufferPool', () => {
  it('gives out again what it was given back, at another length of the same size', () => {
    const pool = new BufferPool(1_000_000);
    const first = pool.take(40_000);
    expect(first.length).toBe(40_000);
    const other = pool.take(40_000);
    expect(other.buffer).not.toBe(first.buffer);
    pool.give(first);
    const second = pool.take(60_000);
    expect([second.length, second.buffer === first.buffer]).toEqual([60_000, true]);
    expect(pool.take(60_000).buffer).not.toBe(first.buffer);
  });

  it('keeps no more than it may', () => {
    const pool = new BufferPool(65_536);
    const [one, two] = [pool.take(65_536), pool.take(65_536)];
    pool.give(one);
    pool.give(two);
    expect([pool.take(65_536).buffer === one.buffer, pool.take(65_536).buffer === two.buffer]).toEqual([true, false]);
  });

  it('leaves small buffers to Node', () => {
    const pool = new BufferPool(1_000_000);
    const small = pool.take(100);
    pool.give(small);
    expect(pool.take(100).length).toBe(100);
    const slice = Buffer.alloc(100_000).subarray(1);
    pool.give(slice);
    expect(pool.take(99_999).buffer).not.toBe(slice.buffer);
  });
});
