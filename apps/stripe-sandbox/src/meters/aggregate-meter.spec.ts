import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseDecimal } from '#platform';
import { aggregateMeter } from './aggregate-meter.js';
import { VALUE_SCALE } from './meter-event.js';

const at = (timestamp: number, value: string) => ({ timestamp, value: parseDecimal(value, VALUE_SCALE) });
const scaled = (value: string): bigint => parseDecimal(value, VALUE_SCALE);

describe('aggregateMeter', () => {
  const events = [at(60, '0.1'), at(119, '0.2'), at(90, '-0.05'), at(119, '7'), at(120, '100'), at(59, '100')];
  const range = { startTime: 60, endTime: 120 };

  it('takes the start, leaves the end', () => {
    expect(aggregateMeter('sum', events, range)).toBe(scaled('7.25'));
    expect(aggregateMeter('count', events, range)).toBe(scaled('4'));
    expect(aggregateMeter('last', events, range)).toBe(scaled('7'));
    expect(aggregateMeter('last', [at(119, '1'), at(60, '2')], range)).toBe(scaled('1'));
    expect(aggregateMeter('sum', [], range)).toBe(0n);
  });

  it('adds up over adjoining ranges', () => {
    const event = fc.record({ timestamp: fc.integer({ min: 0, max: 100 }), value: fc.bigInt(-(10n ** 20n), 10n ** 20n) });
    fc.assert(
      fc.property(fc.array(event), fc.integer({ min: 0, max: 100 }), (list, cut) => {
        const parts = [aggregateMeter('sum', list, { startTime: 0, endTime: cut }), aggregateMeter('sum', list, { startTime: cut, endTime: 101 })];
        return parts[0]! + parts[1]! === list.reduce((sum, { value }) => sum + value, 0n);
      }),
    );
  });
});
