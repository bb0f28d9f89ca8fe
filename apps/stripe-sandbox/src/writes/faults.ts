import { Injectable } from '@nestjs/common';
import { z } from 'zod';

export const faultParams = z.strictObject({
  // Only calls of this path: /v1/billing/meter_events or, with a star for any id, /v1/invoices/*/finalize. Without it every write call.
  path: z.string().regex(/^\/v[12]\//, 'must start with /v1/ or /v2/').optional(),
  /** Act, save, and then cut the connection. A number is short for `true` with that `count`. */
  drop_answer_after_acting: z.union([z.boolean(), z.int().min(1).max(1_000_000)]).default(false),
  /** Wait, in real time, holding what the call holds (its idempotency key, its customer and meter), and then act. */
  delay_ms: z.int().min(0).max(60_000).default(0),
  /** Answer with this status instead of acting; nothing is saved, so a retry with the same key may succeed. */
  fail_with: z.union([z.literal(500), z.literal(429)]).optional(),
  /** How many calls it applies to. */
  count: z.int().min(1).max(1_000_000).optional(),
});

export interface Fault {
  path: string | null;
  drop_answer_after_acting: boolean;
  delay_ms: number;
  fail_with: 500 | 429 | null;
  /** Calls it still applies to. */
  remaining: number;
}

/** The faults that were asked for, in order; each write call takes from the first that matches. Kept in memory only. */
@Injectable()
export class Faults {
  #faults: Fault[] = [];

  add({ path, drop_answer_after_acting: drop, delay_ms, fail_with, count }: z.output<typeof faultParams>): Fault {
    const fault = {
      path: path ?? null,
      drop_answer_after_acting: drop !== false,
      delay_ms,
      fail_with: fail_with ?? null,
      remaining: count ?? (typeof drop === 'number' ? drop : 1),
    };
    this.#faults.push(fault);
    return { ...fault };
  }

  /** The fault for one call of `path`, if one is due; it has then been used once. */
  take(path: string): Fault | undefined {
    const fault = this.#faults.find((due) => due.path === null || matches(due.path, path));
    if (!fault) return undefined;
    fault.remaining -= 1;
    this.#faults = this.#faults.filter(({ remaining }) => remaining > 0);
    return fault;
  }

  list(): Fault[] {
    return this.#faults.map((fault) => ({ ...fault }));
  }

  clear(): void {
    this.#faults = [];
  }
}

/** A `*` stands for one part of the path. */
function matches(pattern: string, path: string): boolean {
  const [expected, given] = [pattern.split('/'), path.split('/')];
  return expected.length === given.length && expected.every((part, index) => part === '*' || part === given[index]);
}
