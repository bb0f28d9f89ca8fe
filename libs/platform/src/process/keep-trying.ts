import { setTimeout as sleep } from 'node:timers/promises';

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 10_000;

/**
 * Does something until it succeeds, each time after a longer wait, up to ten seconds. It is given up when `onFailure` throws, or when
 * `signal` is aborted.
 */
export async function keepTrying(attempt: () => Promise<void>, { onFailure, signal }: { onFailure: (error: unknown) => void; signal?: AbortSignal }): Promise<void> {
  for (let backoffMs = BACKOFF_MS_MIN; ; backoffMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2)) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      onFailure(error);
    }
    await sleep(backoffMs, undefined, { signal });
  }
}
