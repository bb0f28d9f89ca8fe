import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { krippendorffAlpha } from './krippendorff-alpha.js';

/** Four observers, twelve units; a dot is a gap. Krippendorff 2011, section C. */
const PUBLISHED = ['123321412...', '1233224125.3', '.3332342251.', '12332441251.'];

const itemsOf = (rows: readonly string[]) => Array.from({ length: rows[0]?.length ?? 0 }, (_, unit) => rows.map((row) => row.charAt(unit)).filter((value) => value !== '.'));

/** Independent and slow: every ordered pair of answers within an item against every ordered pair of all answers. */
function byPairs(items: readonly (readonly string[])[]): number | null {
  const paired = items.filter((item) => item.length > 1);
  const all = paired.flat();
  const differ = (values: readonly string[]) => values.flatMap((a, i) => values.filter((b, j) => i !== j && a !== b)).length;
  const expected = differ(all) / (all.length * (all.length - 1));
  const observed = paired.reduce((total, item) => total + differ(item) / (item.length - 1), 0) / all.length;
  return all.length === 0 || expected === 0 ? null : 1 - observed / expected;
}

describe('krippendorffAlpha', () => {
  it('gives the published figure, with gaps', () => {
    const items = itemsOf(PUBLISHED);
    expect(items.map((item) => item.length)).toEqual([3, 4, 4, 4, 4, 4, 4, 4, 4, 3, 2, 1]);
    expect(krippendorffAlpha(items)).toBeCloseTo(0.743, 3);
    // By hand: 40 answers in items with two or more, 9, 13, 10, 5 and 3 of a kind; on the diagonal of the coincidences 7 + 10 + 8 + 4 + 3 = 32.
    const same = 9 * 8 + 13 * 12 + 10 * 9 + 5 * 4 + 3 * 2;
    expect(krippendorffAlpha(items)).toBeCloseTo((39 * 32 - same) / (40 * 39 - same), 12);
  });

  it('gives the published figure of two observers and two answers (section A)', () => {
    expect(krippendorffAlpha(itemsOf(['0100000000', '1110010100']))).toBeCloseTo(0.095, 3);
  });

  it('agrees with comparing every pair', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }), { maxLength: 12 }), (items) => {
        const slow = byPairs(items);
        const alpha = krippendorffAlpha(items);
        if (slow === null) expect(alpha).toBeNull();
        else expect(alpha).toBeCloseTo(slow, 10);
      }),
    );
  });

  it('is undefined, not 1, where there is one answer or nobody met', () => {
    expect(krippendorffAlpha([['yes', 'yes'], ['yes', 'yes']])).toBeNull();
    expect(krippendorffAlpha([['yes'], ['no'], []])).toBeNull();
    expect(krippendorffAlpha([])).toBeNull();
  });

  it('is 1 without a disagreement, and not moved by what one labelled alone', () => {
    expect(krippendorffAlpha([['yes', 'yes'], ['no', 'no']])).toBe(1);
    expect(krippendorffAlpha([['yes', 'yes'], ['no', 'no'], ['no']])).toBe(1);
  });
});
