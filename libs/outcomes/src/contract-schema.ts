import { parseMicros, strictKeys, type Micros } from '#platform';
import { z } from 'zod';
import { evidenceGrades, fixedReasons, type EvidenceGrade } from './decision.js';

const DAY_MS = 86_400_000;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };
const WINDOW_DAYS_MAX = 366;
/** What fits every column that an amount is ever stored in, with room to add up. */
const AMOUNT_MICROS_END = 1_000_000_000n * 1_000_000n;

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'must be a whole number and a unit, such as 30m, 72h or 3d')
  .transform((text) => {
    const [, count = '', unit = ''] = /^(\d+)(\D+)$/.exec(text) ?? [];
    return Number(count) * (UNIT_MS[unit] ?? 0);
  })
  .refine((milliseconds) => milliseconds > 0 && milliseconds <= WINDOW_DAYS_MAX * DAY_MS, `must be longer than nothing and at most ${WINDOW_DAYS_MAX}d`);

const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and _, starting with a letter');
const contractId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/, 'must be 1 to 128 of letters, digits and _.:-, starting with a letter or digit');
/** Compared with what the spans say, which is whatever the sender calls it. */
const nameOnSpans = z.string().regex(/^\S(.{0,198}\S)?$/u, 'must be what the spans say: 1 to 200 characters, no space at either end');
const words = z.string().refine((text) => text.trim() !== '', 'must say something');
const expression = z.string().refine((text) => text.trim() !== '', 'must be a CEL expression over the facts');
const timeZone = z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin or UTC');
const currency = z.string().refine(isCurrency, 'must be an ISO 4217 code such as USD');

/** A mapping from grade to amount; what the file has as one amount is that amount for every grade. */
type Prices = Partial<Record<EvidenceGrade, Micros>>;

const amount = z.any().transform((written: unknown, context): Micros => {
  const micros = microsOf(written);
  if (micros !== undefined && micros >= 0n && micros < AMOUNT_MICROS_END) return micros;
  context.addIssue({
    code: 'custom',
    message: `must be an amount in the currency of the contract such as "0.99": not negative, below 1000000000, with at most 6 decimal places; or an amount for each of ${evidenceGrades.join(', ')}`,
  });
  return z.NEVER;
});
const amountByGrade = strictKeys(Object.fromEntries(evidenceGrades.map((grade) => [grade, amount.optional()])))
  .transform((byGrade) => Object.fromEntries(Object.entries(byGrade).filter(([, micros]) => micros !== undefined)) as Prices)
  .refine((byGrade) => Object.keys(byGrade).length > 0, 'must have an amount for at least one grade');
const amountForAll = amount.transform((micros): Prices => Object.fromEntries(evidenceGrades.map((grade) => [grade, micros])));

// Not a union: of two failed readings it could not say which one was meant.
const price = z.any().transform((written: unknown, context): Prices => {
  const result = (typeof written === 'object' && written !== null ? amountByGrade : amountForAll).safeParse(written);
  if (result.success) return result.data;
  for (const issue of result.error.issues) context.addIssue({ ...issue });
  return z.NEVER;
});

const policySchema = strictKeys({
  outcome: name.refine((outcome) => outcome !== 'none', 'must not be "none", which says that no outcome was reached'),
  title: words,
  when: expression,
  unless: expression.optional(),
  /** A grade, or a CEL expression that gives one. */
  grade: expression,
  /** One price for all grades, or a price for each. */
  price,
});

const exclusionSchema = strictKeys({
  reason: name.refine((reason) => !fixedReasons.some((fixed) => fixed === reason), `must not be one of ${fixedReasons.join(', ')}, which have a meaning already`),
  when: expression,
});

/** The contract file. What it says never changes once a version is active. */
export const contractSchema = strictKeys({
  contract: contractId,
  version: z.number().int().positive('must be 1 or more'),
  customer: strictKeys({ id: nameOnSpans, name: words }),
  /** Names; or beginnings of names with a star at the end, so that a star alone is every agent. */
  agents: z.array(nameOnSpans).min(1, 'must name at least one agent'),
  currency,
  time_zone: timeZone,
  effective_from: z.iso.date('must be a date such as 2026-01-31, in the time zone of the contract').optional(),
  effective_until: z.iso.date('must be a date such as 2026-12-31: the first day that is no longer covered').optional(),
  /** So long after the last activity an episode is over. */
  quiet_window: duration,
  /** Checked first, in order: the first that holds makes the episode not billable, with its reason. */
  exclusions: z.array(exclusionSchema).default([]),
  /** In order: the first that holds decides. */
  policies: z.array(policySchema).min(1, 'must have at least one policy'),
}).superRefine(({ policies, effective_from: from, effective_until: until }, context) => {
  const seen = new Set<string>();
  policies.forEach(({ outcome }, index) => {
    if (seen.has(outcome)) {
      context.addIssue({ code: 'custom', path: ['policies', index, 'outcome'], message: `"${outcome}" is the outcome of an earlier policy: name each once, and join the conditions with ||` });
    }
    seen.add(outcome);
  });
  if (from !== undefined && until !== undefined && from >= until) {
    context.addIssue({ code: 'custom', path: ['effective_until'], message: `must be after effective_from, ${from}` });
  }
});

export type ContractFile = z.infer<typeof contractSchema>;

function microsOf(written: unknown): Micros | undefined {
  if (typeof written !== 'string' && typeof written !== 'number') return undefined;
  try {
    return parseMicros(String(written));
  } catch {
    return undefined;
  }
}

// An offset such as +02:00 is a zone to Intl and has no summer time: what is meant is a place.
function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function isCurrency(code: string): boolean {
  return Intl.supportedValuesOf('currency').includes(code);
}
