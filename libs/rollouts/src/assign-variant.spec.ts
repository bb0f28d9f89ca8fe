import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignVariant, bucketOf } from './assign-variant.js';

const conversations = Array.from({ length: 100_000 }, (_, index) => `conversation-${index}`);

// 99.9 % points of chi-square (NIST/SEMATECH e-Handbook, 1.3.6.7.4): a sound hash exceeds one once in a thousand choices of ids.
const CHI_SQUARE_1_DF = 10.828;
const CHI_SQUARE_19_DF = 43.82;

/** Pearson's statistic of a two-by-two table of counts, for independence of its rows and columns. */
function chiSquareOfTable(counts: readonly [number, number, number, number]): number {
  const [a, b, c, d] = counts;
  return ((a + b + c + d) * (a * d - b * c) ** 2) / ((a + b) * (c + d) * (a + c) * (b + d));
}

/** How two splits in half fall together over all conversations. */
function tableOf(first: { flagKey: string; salt: string }, second: { flagKey: string; salt: string }): [number, number, number, number] {
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  for (const targetingKey of conversations) {
    const place = (bucketOf({ ...first, targetingKey }) < 5000 ? 0 : 2) + (bucketOf({ ...second, targetingKey }) < 5000 ? 0 : 1);
    counts[place as 0 | 1 | 2 | 3] += 1;
  }
  return counts;
}

describe('bucketOf', () => {
  // Worked out with Python: int.from_bytes(hashlib.sha256(b'12:model-refund6:salt-16:conv-1').digest()[:8], 'big') % 10000, and so on.
  it.each([
    ['model-refund', 'salt-1', 'conv-1', 5793],
    ['model-refund', 'salt-1', 'conv-2', 5368],
    ['model-refund', 'salt-2', 'conv-1', 3299],
    ['reason', 'pepper', 'überweisung-日本', 6178],
  ])('places %s, %s, %s at %d', (flagKey, salt, targetingKey, bucket) => {
    expect(bucketOf({ flagKey, salt, targetingKey })).toBe(bucket);
  });

  it('spreads ids evenly over twenty equal ranges', () => {
    const counts = new Array<number>(20).fill(0);
    for (const targetingKey of conversations) {
      const range = Math.floor(bucketOf({ flagKey: 'reason-model', salt: 'a', targetingKey }) / 500);
      counts[range] = (counts[range] ?? 0) + 1;
    }
    const expected = conversations.length / 20;
    const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100_000);
    expect(statistic).toBeLessThan(CHI_SQUARE_19_DF);
  });

  it('assigns two flags independently, even with one salt, and one flag independently under two salts', () => {
    const reason = { flagKey: 'reason-model', salt: 'a' };
    expect(chiSquareOfTable(tableOf(reason, { ...reason, flagKey: 'phrase-model' }))).toBeLessThan(CHI_SQUARE_1_DF);
    expect(chiSquareOfTable(tableOf(reason, { ...reason, salt: 'b' }))).toBeLessThan(CHI_SQUARE_1_DF);
    // The statistic does see dependence: a flag against itself is far beyond the bound.
    expect(chiSquareOfTable(tableOf(reason, reason))).toBeGreaterThan(99_999);
  });

  it('does not confuse where one part ends and the next begins', () => {
    const text = (flagKey: string, salt: string) => bucketOf({ flagKey, salt, targetingKey: 'x' });
    const differing = conversations.slice(0, 100).filter((id) => text(`${id}a`, 'b') !== text(id, 'ab'));
    // Two unrelated places agree once in 10,000.
    expect(differing.length).toBeGreaterThan(97);
  });
});

describe('assignVariant', () => {
  const key = fc.record({ flagKey: fc.string(), salt: fc.string(), targetingKey: fc.string({ unit: 'grapheme' }) });
  const assign = (place: { flagKey: string; salt: string; targetingKey: string }, exposureBp: number) =>
    assignVariant({ ...place, exposureBp, base: 'base', candidate: 'candidate' });

  it('moves nobody out of the candidate when exposure is widened', () => {
    fc.assert(
      fc.property(key, fc.nat(10_000), fc.nat(10_000), (place, one, other) => {
        const [narrow, wide] = one < other ? [one, other] : [other, one];
        return assign(place, narrow) === 'base' || assign(place, wide) === 'candidate';
      }),
    );
  });

  it('gives nobody the candidate at 0 and everybody at 10,000', () => {
    fc.assert(fc.property(key, (place) => assign(place, 0) === 'base' && assign(place, 10_000) === 'candidate'));
  });

  it('agrees with a slow reading of its definition, each time it is asked', () => {
    fc.assert(
      fc.property(key, fc.nat(10_000), (place, exposureBp) => {
        const text = [place.flagKey, place.salt, place.targetingKey].map((part) => `${new TextEncoder().encode(part).length}:${part}`).join('');
        const digest = createHash('sha256').update(text, 'utf8').digest('hex');
        const expected = BigInt(`0x${digest.slice(0, 16)}`) % 10_000n < BigInt(exposureBp) ? 'candidate' : 'base';
        return assign(place, exposureBp) === expected && assign({ ...place }, exposureBp) === expected;
      }),
    );
  });

  it('exposes a quarter at 25 %', () => {
    const exposed = conversations.filter((targetingKey) => assign({ flagKey: 'reason-model', salt: 'a', targetingKey }, 2500) === 'candidate');
    // 25,000 expected, standard deviation sqrt(100,000 x .25 x .75) = 136.9; four of them.
    expect(Math.abs(exposed.length - 25_000)).toBeLessThan(548);
  });
});
