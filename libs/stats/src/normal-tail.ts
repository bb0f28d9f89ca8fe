// Where the series needs few terms and loses no digit, and the fraction needs few levels: each gives 14 digits on its side.
const SERIES_BELOW = 2.5;
const FRACTION_LEVELS = 120;

/** P(Z > z) for a standard normal Z and `z` >= 0: a series near the centre, a continued fraction in the tail, where each keeps its digits (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.11 and 26.2.14). */
export function normalUpperTail(z: number): number {
  if (!(z >= 0)) throw new RangeError(`normalUpperTail: ${z} is not 0 or more`);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return z < SERIES_BELOW ? 0.5 - density * seriesOf(z) : density / fractionOf(z);
}

/** z + z^3/3 + z^5/(3 x 5) + ... */
function seriesOf(z: number): number {
  let sum = 0;
  for (let term = z, odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (z * z) / odd;
  }
  return sum;
}

/** z + 1/(z + 2/(z + 3/(z + ...))) */
function fractionOf(z: number): number {
  let value = z;
  for (let level = FRACTION_LEVELS; level > 0; level--) value = z + level / value;
  return value;
}
