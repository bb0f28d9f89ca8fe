import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mcnemarExact } from './mcnemar.js';
import { signFlipExact } from './sign-flip.js';

/** Independent and slow: every sign pattern is written out. */
function byEnumeration(differences: readonly number[]): number {
  const observed = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
  let extreme = 0;
  for (let pattern = 0; pattern < 2 ** differences.length; pattern++) {
    const sum = differences.reduce((total, difference, index) => total + (pattern & (1 << index) ? difference : -difference), 0);
    if (Math.abs(sum) >= observed) extreme++;
  }
  return extreme / 2 ** differences.length;
}

describe('signFlipExact', () => {
  it('works by hand', () => {
    // |±3 ±1| >= 4 in 2 of 4 patterns; |±3 ±1| >= 2 in all of them.
    expect(signFlipExact([3, 1])).toBe(0.5);
    expect(signFlipExact([3, -1])).toBe(1);
    expect(signFlipExact([2, 2, 2])).toBe(0.25);
  });

  it('is McNemar with one trial per task', () => {
    const counts = fc.nat({ max: 40 });
    fc.assert(
      fc.property(counts, counts, counts, (baseOnly, candidateOnly, same) => {
        const differences = [...Array<number>(baseOnly).fill(-1), ...Array<number>(same).fill(0), ...Array<number>(candidateOnly).fill(1)];
        expect(signFlipExact(differences)).toBeCloseTo(mcnemarExact(baseOnly, candidateOnly), 12);
      }),
    );
  });

  it('agrees with writing out every pattern', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -12, max: 12 }), { maxLength: 10 }), (differences) => {
        expect(signFlipExact(differences)).toBeCloseTo(byEnumeration(differences), 12);
      }),
    );
  });

  it('does not mind the unit, and is 1 when nothing differs', () => {
    expect(signFlipExact([30, 10, -20])).toBe(signFlipExact([3, 1, -2]));
    expect(signFlipExact([0, 0])).toBe(1);
    expect(signFlipExact([])).toBe(1);
  });

  it('says that it cannot rather than run for hours, and refuses fractions', () => {
    expect(signFlipExact(Array.from({ length: 1000 }, (_, index) => 720720 + index))).toBeNull();
    expect(() => signFlipExact([0.5])).toThrow(RangeError);
  });
});
