/**
 * Unix nanoseconds of an ISO 8601 time, with as many as nine fractional digits. A time without a zone is read as UTC: tau2-bench
 * writes the local time of the machine that ran it and does not say which, so durations are right and the hour of the day is not
 * to be trusted. `null`: not a time.
 */
export function parseTimestamp(text: string): bigint | null {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?\s*(Z|[+-]\d{2}:?\d{2})?$/i.exec(text.trim());
  if (!match) return null;
  const [, day, time, fraction = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${day}T${time}${zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`);
  if (Number.isNaN(milliseconds)) return null;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** Whether the text says which zone it means. */
export function hasZone(text: string): boolean {
  return /(Z|[+-]\d{2}:?\d{2})$/i.test(text.trim().slice(10));
}
