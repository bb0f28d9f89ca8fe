const FIRST_MS = 1_000;
const LONGEST_MS = 15 * 60_000;

/**
 * How long to wait after a failed attempt: doubling from one second to a quarter of an hour, and of that a random part between half and
 * all, so that many queues that failed together do not come back together.
 * @param attempts how many were made, from 1
 * @param random from [0, 1)
 */
export function backOffMs(attempts: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 30));
  return Math.round(ceiling * (0.5 + random / 2));
}
