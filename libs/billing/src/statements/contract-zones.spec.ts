import { describe, expect, it } from '@jest/globals';
import { parsePeriod } from '#ledger';
import { zoneOf } from './contract-zones.js';

describe('zoneOf', () => {
  const berlin = parsePeriod('2026-11', 'Europe/Berlin');

  it('finds the zone whose month it is', () => {
    expect(zoneOf(berlin, ['America/New_York', 'Europe/Berlin', 'Europe/Paris'])).toBe('Europe/Berlin');
    expect(zoneOf(parsePeriod('2026-11', 'UTC'), ['Europe/Berlin'])).toBe('UTC');
  });

  it('names none rather than a wrong one', () => {
    expect(zoneOf(berlin, ['America/New_York'])).toBeNull();
    // October in London begins an hour before UTC's, in summer time, and ends with it.
    expect(zoneOf(parsePeriod('2026-10', 'Europe/London'), [])).toBeNull();
  });
});
