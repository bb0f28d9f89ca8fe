import { z } from 'zod';

const DAY_MS = 86_400_000;
const WINDOW_DAYS_DEFAULT = 30;

/** A window of time and, where it is wanted, one customer. Dates are days of UTC; the last one is included. */
export function lossQuery(now: Date) {
  const date = z.iso.date('must be a date such as 2026-11-01').transform((text) => new Date(`${text}T00:00:00Z`));
  return z
    .object({ from: date.optional(), through: date.optional(), customer: z.string().min(1).optional().or(z.literal('').transform(() => undefined)) })
    .transform(({ from, through, customer }) => {
      const to = through ? new Date(through.getTime() + DAY_MS) : new Date((Math.floor(now.getTime() / DAY_MS) + 1) * DAY_MS);
      return { from: from ?? new Date(to.getTime() - WINDOW_DAYS_DEFAULT * DAY_MS), to, customerId: customer };
    })
    .refine(({ from, to }) => from < to, 'must begin before it ends');
}
