import { DomainError } from '#platform';

/**
 * A month in UTC, half-open, as `2026-11`. Months and not any two times: samples of overlapping times could not be added up.
 * @throws DomainError `invalid_period`
 */
export function monthOf(period: string): { from: Date; to: Date } {
  const [, year = '', month = ''] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(period) ?? [];
  if (year === '') throw new DomainError({ kind: 'invalid', code: 'invalid_period', message: `"${period}" is not a month such as 2026-11` });
  return { from: new Date(Date.UTC(Number(year), Number(month) - 1)), to: new Date(Date.UTC(Number(year), Number(month))) };
}
