/** Numbers in [0, 1), each time the next one. */
export type Random = () => number;

const STEP = 0x6d2b79f5;

/**
 * The same numbers for the same seed, on every machine: for resampling, never for secrets. Mulberry32 (Ettinger 2017), a 32-bit counter with
 * a mixing function, whose period of 2^32 is far beyond what a resampling draws.
 * @param seed an integer; its lowest 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + STEP) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
