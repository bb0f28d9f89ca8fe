import fc from 'fast-check';
import type { Price } from '../rating/price.js';

/** Any price that a contract can have. */
export const anyPrice: fc.Arbitrary<Price> = fc.oneof(
  fc.record({ kind: fc.constant('flat' as const), unitMicros: fc.bigInt(0n, 5_000_000n) }),
  fc.record({ kind: fc.constant('package' as const), size: fc.bigInt(1n, 20_000_000n), packageMicros: fc.bigInt(0n, 50_000_000n) }),
  fc
    .record({
      kind: fc.constantFrom('graduated' as const, 'volume' as const),
      sizes: fc.array(fc.bigInt(1n, 9_000_000n), { maxLength: 4 }),
      amounts: fc.array(fc.bigInt(0n, 5_000_000n), { minLength: 10, maxLength: 10 }),
    })
    .map(({ kind, sizes, amounts }) => {
      let end = 0n;
      const ends = [...sizes.map((size) => (end += size)), null];
      return { kind, tiers: ends.map((upTo, index) => ({ upTo, unitMicros: amounts[index * 2] ?? 0n, flatMicros: amounts[index * 2 + 1] ?? 0n })) };
    }),
);
