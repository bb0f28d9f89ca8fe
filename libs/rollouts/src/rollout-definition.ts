import { DomainError, messageOf, parseInput } from '#platform';
import { parse } from 'yaml';
import { z } from 'zod';
import { EXPOSURE_BP_MAX } from './assign-variant.js';

/** What a flag can hold: the value types of OFREP. An array is none of them. */
export type FlagValue = boolean | string | number | { [name: string]: z.core.util.JSONType };

/** One way to do a task: a model, a prompt version, parameters, as the agent reads them. */
export interface Variant {
  name: string;
  value: FlagValue;
}

/** What a person decides about a rollout. */
export interface RolloutDefinition {
  flagKey: string;
  agent: string;
  task: string;
  base: Variant;
  candidate: Variant;
  /** Share of the traffic that gets the candidate, in basis points. */
  exposureBp: number;
  /** When false everybody gets the base. */
  isEnabled: boolean;
}

/** A rollout as it is kept. The salt is made once and never changes, so that nothing re-randomises who is in. */
export interface Rollout extends RolloutDefinition {
  salt: string;
  updatedAt: Date;
}

// What JSON can write and PostgreSQL's jsonb refuses, as JSON.stringify escapes it; an escaped backslash before it makes it plain text.
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

// Clients put the key into a path as it is, and a path segment of more than 100 characters is not routed.
const flagKey = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be 1 to 100 letters, digits, ".", "_" and "-", and start with a letter or digit');
const name = z
  .string()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or halves of surrogate pairs');

const value = z
  .union([z.boolean(), z.string(), z.number(), z.record(z.string(), z.json())], {
    error: 'must be true or false, a text, a number or an object; a list can be a field of an object',
  })
  .refine((input) => !UNSTORABLE.test(JSON.stringify(input)), { error: 'must not contain the character U+0000 or halves of surrogate pairs' });
const variant = z.strictObject({ name, value });

const exposureBp = z.unknown().transform((input, context) => {
  const bp = readExposure(input);
  if (bp !== undefined && bp <= EXPOSURE_BP_MAX) return bp;
  context.addIssue(
    typeof input === 'number'
      ? `must say its unit: "${input}%" is a share of a hundred, "${input}bp" one of ten thousand`
      : 'must be 0% to 100% with at most two decimals ("25%", "0.5%") or 0bp to 10000bp ("2500bp")',
  );
  return z.NEVER;
});

const definition = z
  .strictObject({ flag: flagKey, agent: name, task: name, base: variant, candidate: variant, exposure: exposureBp, enabled: z.boolean().default(true) })
  .refine((rollout) => rollout.base.name !== rollout.candidate.name, { path: ['candidate', 'name'], error: 'must differ from the name of the base' })
  .refine((rollout) => typeof rollout.base.value === typeof rollout.candidate.value, {
    path: ['candidate', 'value'],
    error: 'must be of the same type as the value of the base: an OpenFeature client asks for one type',
  })
  .transform(({ flag, exposure, enabled, ...rest }): RolloutDefinition => ({ ...rest, flagKey: flag, exposureBp: exposure, isEnabled: enabled }));

/**
 * Checks a definition that was already read: its fields (`flag, agent, task, base: {name, value}, candidate: {name, value}, exposure,
 * enabled`), or a document that holds them under `rollout`.
 * @throws DomainError `invalid_input` that names each field that is wrong and what it should be.
 */
export function readRollout(input: unknown): RolloutDefinition {
  return parseInput(definition, isWrapped(input) ? input.rollout : input, 'the rollout');
}

/**
 * Reads a definition from YAML, of which JSON is a part.
 * @throws DomainError `unreadable_rollout` with the place in the text, or `invalid_input`.
 */
export function parseRollout(text: string): RolloutDefinition {
  let input: unknown;
  try {
    input = parse(text);
  } catch (cause) {
    throw new DomainError({ kind: 'invalid', code: 'unreadable_rollout', message: `The rollout is neither YAML nor JSON: ${messageOf(cause)}`, cause });
  }
  return readRollout(input);
}

/** The form that is written by hand and read back by `readRollout`. */
export function writeRollout({ flagKey: flag, agent, task, base, candidate, exposureBp: bp, isEnabled: enabled }: RolloutDefinition) {
  return { flag, agent, task, base, candidate, exposure: `${bp / 100}%`, enabled };
}

function isWrapped(input: unknown): input is { rollout: unknown } {
  return typeof input === 'object' && input !== null && Object.keys(input).length === 1 && 'rollout' in input;
}

function readExposure(input: unknown): number | undefined {
  if (typeof input !== 'string') return undefined;
  const [, percent, hundredths = '', points] = /^(?:(\d{1,3})(?:\.(\d{1,2}))?\s*%|(\d{1,5})\s*bp)$/.exec(input.trim()) ?? [];
  if (points !== undefined) return Number(points);
  return percent === undefined ? undefined : Number(percent) * 100 + Number(hundredths.padEnd(2, '0'));
}
