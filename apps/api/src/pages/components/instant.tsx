/** `2026-11-23 21:24:56 UTC`; the exact instant is in the markup. */
export function Instant({ at }: { at: Date }) {
  const iso = at.toISOString();
  return (
    <time dateTime={iso}>
      {iso.slice(0, 10)} {iso.slice(11, 19)}&nbsp;UTC
    </time>
  );
}

/** `2026-11-01 00:00`, as a clock in that zone shows it. */
export function WallClock({ at, timeZone }: { at: Date; timeZone: string }) {
  return <time dateTime={at.toISOString()}>{wallClock(at, timeZone)}</time>;
}

// Swedish dates are written as ISO 8601 writes them.
function wallClock(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
}
