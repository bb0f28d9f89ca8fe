import { strictKeys } from '#platform';
import { z } from 'zod';
import { evidenceGrades, fixedReasons } from './decision.js';
import { amount, price } from './price-schema.js';
import { MISSED_OUTCOME, NOTHING_MISSED, UNSURE } from './review/missed-outcome.js';
import { STANDARD_EXCLUSIONS, standardExclusions, type StandardExclusion } from './standard-exclusions.js';

const DAY_MS = 86_400_000;

/** Without a contract nothing says how long to wait; three days is what the field's contracts say most often. */
export const QUIET_WINDOW_DEFAULT_MS = 3 * DAY_MS;
/** A conversation that is never quiet would otherwise never be decided, and be read whole each time that it goes on. */
export const LONGEST_EPISODE_DEFAULT_MS = 30 * DAY_MS;

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };
const WINDOW_DAYS_MAX = 366;

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
/** A version of a contract, as PostgreSQL holds it. */
export const contractVersionNumber = z.number().int().positive('must be 1 or more').max(2 ** 31 - 1, `must be at most ${2 ** 31 - 1}`);
const words = z.string().refine((text) => text.trim() !== '', 'must say something');
const expression = z.string().refine((text) => text.trim() !== '', 'must be a CEL expression over the facts');
const timeZone = z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin or UTC');
const currency = z.string().refine(isCurrency, 'must be an ISO 4217 code such as USD').describe('An ISO 4217 code');

const policySchema = strictKeys({
  outcome: name
    .refine((outcome) => outcome !== NOTHING_MISSED, `must not be "${NOTHING_MISSED}", which says that no outcome was reached`)
    .refine((outcome) => outcome !== UNSURE, `must not be "${UNSURE}", which reviewers answer who cannot tell`)
    .describe('The outcome, as statements and meters name it'),
  title: words.describe('What it is, as a statement says it'),
  when: expression.describe('CEL over the facts: what makes it an outcome'),
  unless: expression.optional().describe('CEL over the facts: what takes it away again'),
  grade: expression.describe(`How good the evidence is: ${evidenceGrades.join(', ')}, or CEL that gives one of them`),
  value: expression.optional().describe('CEL that gives a number: how many units the outcome counts as. Without it one'),
  price,
});

const exclusionSchema = strictKeys({
  reason: name.refine((reason) => !fixedReasons.some((fixed) => fixed === reason), `must not be one of ${fixedReasons.join(', ')}, which have a meaning already`),
  when: expression,
});

/** A standard one by its name, or one of the contract's own. */
const exclusion = z
  .any()
  .transform((written: unknown, context): { reason: string; when: string } => {
    const isName = typeof written === 'string';
    if (isName && written in STANDARD_EXCLUSIONS) return { reason: written, when: STANDARD_EXCLUSIONS[written as StandardExclusion].when };
    if (isName) {
      context.addIssue({ code: 'custom', message: `must be one of ${standardExclusions.join(', ')}, or a reason and when` });
      return z.NEVER;
    }
    const result = exclusionSchema.safeParse(written);
    if (result.success) return result.data;
    for (const issue of result.error.issues) context.addIssue({ ...issue });
    return z.NEVER;
  })
  .meta({
    description: 'What makes an episode not billable: a standard exclusion by its name, or a reason of your own and when it holds',
    anyOf: [{ enum: standardExclusions }, { type: 'object', properties: { reason: { type: 'string' }, when: { type: 'string' } }, required: ['reason', 'when'], additionalProperties: false }],
  });

const grades = z.array(z.enum(evidenceGrades, `must be of ${evidenceGrades.join(', ')}`)).min(1, 'must name at least one grade');

const reopenSchema = strictKeys({
  within: duration.describe('A return so soon after an episode reverses its outcome'),
  reverses: grades.default(['inferred']).describe('Outcomes of which grades are reversed; an outcome that was confirmed or verified happened, whoever comes back'),
});

const questionSchema = strictKeys({
  id: name.refine((id) => id !== MISSED_OUTCOME, `must not be "${MISSED_OUTCOME}", which is asked about what is not billed`),
  ask: words.describe('What reviewers are asked about an episode'),
  answers: z.array(words).min(2, 'must have at least two answers').max(9, 'must have at most nine answers: each is one key').default(['yes', 'no', 'unsure']),
});

/** The contract file. What it says never changes once a version is active. */
export const contractSchema = strictKeys({
  contract: contractId.describe('The id of the contract; all its versions have it'),
  version: contractVersionNumber.describe('A version never changes once it was active: what changes is the next version'),
  customer: strictKeys({ id: nameOnSpans.describe('As astrolabe.customer.id on the spans says it'), name: words }).describe('Who is billed'),
  agents: z.array(nameOnSpans).min(1, 'must name at least one agent').describe('Names; or beginnings of names with a star at the end, so that a star alone is every agent'),
  currency,
  time_zone: timeZone.describe('An IANA time zone: where days and billing periods begin'),
  effective_from: z.iso.date('must be a date such as 2026-01-31, in the time zone of the contract').optional().describe('The first day that is covered'),
  effective_until: z.iso.date('must be a date such as 2026-12-31: the first day that is no longer covered').optional().describe('The first day that is no longer covered'),
  quiet_window: duration.describe('So long after the last activity an episode is over'),
  longest_episode: duration.default(LONGEST_EPISODE_DEFAULT_MS).describe('So long after it began an episode ends, though it was never quiet; 30d unless you say otherwise'),
  hold_window: duration.optional().describe('So long after it was decided an outcome may still be revised; without it always'),
  reopen: reopenSchema.optional().describe('What a return does to the outcome of the episode before'),
  charge_once_per: z.enum(['episode', 'conversation'], 'must be episode or conversation').default('episode').describe('Whether a conversation with several episodes is charged once or for each'),
  combine: z
    .enum(['precedence', 'additive'], 'must be precedence (the first policy that holds decides) or additive (every policy that holds is billed)')
    .default('precedence')
    .describe('What is billed where several policies hold: the first, or each'),
  dispute_window: duration.optional().describe('So long after the end of its period an outcome may be disputed'),
  minimum: amount.optional().describe('What a billing period costs at least'),
  cap: amount.optional().describe('What a billing period costs at most'),
  commitment: strictKeys({ amount, months: z.number().int().min(1).max(60).describe('From effective_from on') }).optional().describe('What a number of months cost at least together; what is missing is due in the last of them'),
  pilot: strictKeys({ until: z.iso.date('must be a date such as 2026-12-31: the first day that is charged').describe('The first day that is charged') }).optional().describe('Until then outcomes are decided, and free; what they would have cost is recorded'),
  exclusions: z.array(exclusion).default([]).describe('Checked first, in order: the first that holds makes the episode not billable, with its reason'),
  policies: z.array(policySchema).min(1, 'must have at least one policy').describe('In order'),
  review: strictKeys({ questions: z.array(questionSchema).min(1, 'must have at least one question') }).optional().describe('What people are asked who review decisions'),
}).superRefine((file, context) => {
  const complain = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
  const seen = new Set<string>();
  file.policies.forEach(({ outcome }, index) => {
    if (seen.has(outcome)) complain(['policies', index, 'outcome'], `"${outcome}" is the outcome of an earlier policy: name each once, and join the conditions with ||`);
    seen.add(outcome);
  });
  const { effective_from: from, effective_until: until } = file;
  if (from !== undefined && until !== undefined && from >= until) complain(['effective_until'], `must be after effective_from, ${from}`);
  if (file.longest_episode < file.quiet_window) complain(['longest_episode'], 'must not be shorter than the quiet window');
  if (file.combine === 'additive' && file.charge_once_per === 'conversation') complain(['charge_once_per'], 'must be episode in an additive contract: which of several outcomes would be the one that is charged?');
  if (file.cap !== undefined && file.minimum !== undefined && file.minimum > file.cap) complain(['minimum'], 'must not be above the cap');
  if (file.commitment && from?.endsWith('-01') !== true) complain(['commitment'], 'needs an effective_from that is the first of a month: its months are counted from there');
  if (file.pilot && from !== undefined && file.pilot.until <= from) complain(['pilot', 'until'], `must be after effective_from, ${from}, or nothing is free`);
});

export type ContractFile = z.infer<typeof contractSchema>;

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
