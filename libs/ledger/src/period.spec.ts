import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parsePeriod, periodLabel, periodOf, periodStartRange } from './period.js';

const iso = ({ start, end }: { start: Date; end: Date }) => [start.toISOString(), end.toISOString()];

describe('parsePeriod', () => {
  // Offsets by hand from the IANA database: the first and the last of a month may have different ones.
  it.each([
    ['UTC', '2026-11', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['Europe/Berlin', '2026-10', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'], // +2, back to +1 on the 25th
    ['America/New_York', '2026-11', '2026-11-01T04:00:00.000Z', '2026-12-01T05:00:00.000Z'], // -4 until 02:00 of the 1st
    ['Asia/Kolkata', '2026-02', '2026-01-31T18:30:00.000Z', '2026-02-28T18:30:00.000Z'], // +5:30
    ['Australia/Lord_Howe', '2026-04', '2026-03-31T13:00:00.000Z', '2026-04-30T13:30:00.000Z'], // +11, back by half an hour to +10:30
    ['Pacific/Chatham', '2026-12', '2026-11-30T10:15:00.000Z', '2026-12-31T10:15:00.000Z'], // +13:45
    ['Pacific/Kiritimati', '2026-01', '2025-12-31T10:00:00.000Z', '2026-01-31T10:00:00.000Z'], // +14
  ])('%s %s', (zone, label, start, end) => {
    expect(iso(parsePeriod(label, zone))).toEqual([start, end]);
  });

  it('begins with the jump where the clock jumps over midnight', () => {
    // Asuncion went from 00:00 -04 straight to 01:00 -03 on Sunday 1 October 2017: the 1st begins at 04:00 UTC, at "01:00".
    expect(parsePeriod('2017-10', 'America/Asuncion').start.toISOString()).toBe('2017-10-01T04:00:00.000Z');
  });

  it('counts the first passage where the clock goes back over the start of a month', () => {
    // St. John's went from 00:01 -02:30 back to 23:01 -03:30 on 1 November 2009: November was first seen at 02:30 UTC.
    const november = parsePeriod('2009-11', 'America/St_Johns');
    expect(november.start.toISOString()).toBe('2009-11-01T02:30:00.000Z');
    // 02:45 UTC is 23:15 of 31 October again, yet the period has begun.
    expect(periodOf(new Date('2009-11-01T02:45:00Z'), 'America/St_Johns')).toEqual(november);
  });

  it.each(['2026', '2026-13', '2026-1', '26-01', '2026-11-01', '0001-01', ''])('refuses %j', (label) => {
    expect(() => parsePeriod(label, 'UTC')).toThrow(expect.objectContaining({ code: 'invalid_period' }));
  });

  it('refuses a zone that does not exist', () => {
    expect(() => parsePeriod('2026-11', 'Europe/Atlantis')).toThrow(expect.objectContaining({ code: 'unknown_time_zone' }));
  });
});

describe('periodOf', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'America/St_Johns', 'America/Sao_Paulo', 'America/Havana', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia', 'Pacific/Chatham', 'Africa/Cairo', 'Asia/Tehran'];
  const instants = fc.date({ min: new Date('1975-01-01T00:00:00Z'), max: new Date('2060-01-01T00:00:00Z'), noInvalidDate: true });

  it('contains its instant, touches its neighbours and is named by its label', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), instants, (zone, at) => {
        const period = periodOf(at, zone);
        expect(period.start <= at && at < period.end).toBe(true);
        expect(periodOf(period.start, zone)).toEqual(period);
        expect(periodOf(period.end, zone).start).toEqual(period.end);
        expect(periodOf(new Date(period.start.getTime() - 1), zone).end).toEqual(period.start);
        expect(parsePeriod(periodLabel(period), zone)).toEqual(period);
        const { from, to } = periodStartRange(periodLabel(period));
        expect(from < period.start && period.start < to).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
