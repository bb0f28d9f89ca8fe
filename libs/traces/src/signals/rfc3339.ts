const FORM = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Nanoseconds since 1970 of a time as RFC 3339, section 5.6, writes it; undefined for anything else. A leap second is none of ours. */
export function readRfc3339(text: string): bigint | undefined {
  const [, date, time, fraction = '', zone] = FORM.exec(text) ?? [];
  if (date === undefined || time === undefined || zone === undefined) return undefined;
  // Date.parse takes 30 February for 2 March.
  const dayMs = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(dayMs) || new Date(dayMs).toISOString().slice(0, 10) !== date || time.startsWith('24')) return undefined;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
