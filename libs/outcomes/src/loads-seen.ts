/*
 * How far the loads of an organization were read, in milliseconds of the store's clock. A load becomes visible a moment after its timestamp
 * was taken, so one that is older than the latest may appear after it. Whoever reads counts what can be seen of the last moments, and reads
 * those once more when the number has changed. Everything else is read once.
 */

/** Reading is sure to have met every load older than this before it was asked for. */
const VISIBLE_AFTER_MS = 5_000;

export interface LoadsSeen {
  /** The latest load that was read. */
  throughMs: number;
  /** Older ones than this cannot appear any more. */
  unsettledFromMs: number;
  /** Changes that could be seen in [unsettledFromMs, throughMs]. */
  unsettledChanges: number;
}

/** What stands where nothing was read yet, or where it was kept as the plain number of an earlier version: some seconds are read again. */
export function parseLoadsSeen(position: string | undefined): LoadsSeen {
  const kept = JSON.parse(position ?? '0') as number | LoadsSeen;
  return typeof kept === 'number' ? { throughMs: kept, unsettledFromMs: kept - VISIBLE_AFTER_MS, unsettledChanges: 0 } : kept;
}

/** Where the moments begin that are to be counted, after reading through `throughMs` what was asked for at `askedAtMs`. */
export function unsettledFrom(seen: LoadsSeen, throughMs: number, askedAtMs: number): number {
  return Math.max(seen.unsettledFromMs, Math.min(throughMs + 1, askedAtMs - VISIBLE_AFTER_MS));
}
