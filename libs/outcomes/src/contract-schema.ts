import { parseMicros, type Micros } from '#platform';
import { z } from 'zod';
import { evidenceGrades } from './decision.js';

const DAY_MS = 86_400_000;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'must be a whole number and a unit, such as 30m, 72h or 3d')
  .transform((text) => {
    const [, count = '', unit = ''] = /^(\d+)(\w+)$/.exec(text) ?? [];
    return Number(count) * (UNIT_MS[unit] ?? 0);
  });

const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and _, starting with a letter');
const identifier = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/, 'must be 1 to 128 of letters, digits and _.:-');

const price = z
  .union([z.string(), z.number()])
  .transform((value, context): Micros => {
    try {
      return parseMicros(String(value));
    } catch {
      context.addIssue({ code: 'custom', message: 'must be an amount in the contract’s currency such as "0.99", with at most 6 decimal places' });
      return z.NEVER;
    }
  })
  .refine((amount) => amount >= 0n, 'must not be negative');

const timeZone = z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin or UTC');
const expression = z.string().min(1, 'must be a CEL expression over the facts');

const policySchema = z.strictObject({
  outcome: name,
  title: z.string().min(1),
  when: expression,
  unless: expression.optional(),
  /** A grade, or a CEL expression that gives one. */
  grade: expression,
  /** One price for all grades, or a price for each. */
  price: z.union([price.transform((all) => Object.fromEntries(evidenceGrades.map((grade) => [grade, all]))), z.partialRecord(z.enum(evidenceGrades), price)]),
});

const exclusionSchema = z.strictObject({ reason: name, when: expression });

/** The contract file. What it says never changes once a version is active. */
export const contractSchema = z
  .strictObject({
    contract: identifier,
    version: z.number().int().positive(),
    customer: z.strictObject({ id: identifier, name: z.string().min(1) }),
    agents: z.array(identifier).min(1, 'must name at least one agent'),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD'),
    time_zone: timeZone,
    effective_from: z.iso.date('must be a date such as 2026-01-31, in the contract’s time zone').optional(),
    effective_until: z.iso.date('must be a date such as 2026-12-31; the first day that is no longer covered').optional(),
    /** So long after the last activity an episode is over. */
    quiet_window: duration,
    /** Checked first, in order: the first that holds makes the episode not billable, with its reason. */
    exclusions: z.array(exclusionSchema).default([]),
    /** In order: the first that holds decides. */
    policies: z.array(policySchema).min(1, 'must have at least one policy'),
  })
  .refine((contract) => new Set(contract.policies.map((policy) => policy.outcome)).size === contract.policies.length, {
    path: ['policies'],
    message: 'must name each outcome once',
  });

export type ContractFile = z.infer<typeof contractSchema>;
export type PolicyFile = ContractFile['policies'][number];

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
