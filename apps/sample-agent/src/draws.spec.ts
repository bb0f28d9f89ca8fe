import { describe, expect, it } from '@jest/globals';
import { drawLognormal, drawUniform, drawWeighted } from './draws.js';

const many = Array.from({ length: 2000 }, (_, index) => index);

describe('draws', () => {
  it('draws the same number for the same purpose and keeps purposes apart', () => {
    expect(drawUniform(1, 'a', 2)).toBe(drawUniform(1, 'a', 2));
    expect(drawUniform(1, 'a', 2)).not.toBe(drawUniform(1, 'a2'));
    expect(many.every((index) => drawUniform('range', index) >= 0 && drawUniform('range', index) < 1)).toBe(true);
  });

  it('has the median that was asked for, and half of the draws within 0.6745 sigma of it', () => {
    const draws = many.map((index) => drawLognormal(100, 0.5, 'latency', index));
    const below = draws.filter((value) => value < 100).length;
    const inMiddle = draws.filter((value) => Math.abs(Math.log(value / 100)) < 0.6745 * 0.5).length;
    // Four standard errors of a proportion of one half in 2,000 are 89.
    expect(Math.abs(below - 1000)).toBeLessThan(90);
    expect(Math.abs(inMiddle - 1000)).toBeLessThan(90);
  });

  it('never draws an entry without weight', () => {
    const drawn = new Set(many.map((index) => drawWeighted([['never', 0], ['often', 3], ['rarely', 1]], 'weights', index)));
    expect(drawn).toEqual(new Set(['often', 'rarely']));
  });
});
