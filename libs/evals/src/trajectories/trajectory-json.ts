import { DomainError, messageOf } from '#platform';
import type { z } from 'zod';
import type { TrajectoryFormat } from './trajectory.js';

/** @throws DomainError `trajectory_file_empty` or `trajectory_file_not_json`, which name the file and the place. */
export function parseJson(name: string, text: string): unknown {
  // A byte order mark is what a Windows editor adds; JSON.parse would blame the first brace.
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (json.trim() === '') {
    const message = `${name} is empty; expected the JSON that tau-bench or tau2-bench wrote`;
    throw new DomainError({ kind: 'invalid', code: 'trajectory_file_empty', message });
  }
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new DomainError({
      kind: 'invalid',
      code: 'trajectory_file_not_json',
      message: `${name} is not valid JSON: ${messageOf(error)}. Is the file complete?`,
      cause: error,
    });
  }
}

/**
 * Says so when a file of one format was given as the other, before its fields are blamed one by one.
 * @throws DomainError `trajectory_format_mismatch`
 */
export function requireFormat(name: string, json: unknown, format: TrajectoryFormat): void {
  const found = looksLike(json);
  if (found === format) return;
  const expected =
    format === 'tau1'
      ? 'a JSON list of {task_id, reward, trial, traj}'
      : 'a JSON object with "info" and "simulations", each with task_id, reward_info and messages';
  const advice = found === null ? `${format} is ${expected}` : `this looks like ${found}: use --format ${found}`;
  throw new DomainError({
    kind: 'invalid',
    code: 'trajectory_format_mismatch',
    message: `${name} is not a ${format} file (at $: ${describe(json)}); ${advice}`,
    details: { file: name, format, ...(found === null ? {} : { looksLike: found }) },
  });
}

function looksLike(json: unknown): TrajectoryFormat | null {
  if (Array.isArray(json)) {
    const first: unknown = json[0];
    return json.length === 0 || (isObject(first) && ('traj' in first || 'reward' in first)) ? 'tau1' : null;
  }
  return isObject(json) && 'simulations' in json ? 'tau2' : null;
}

function describe(json: unknown): string {
  if (Array.isArray(json)) return `a list of ${json.length}`;
  if (!isObject(json)) return json === null ? 'null' : `a ${typeof json}`;
  const keys = Object.keys(json);
  return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', ...' : ''}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads `json` by the schema.
 * @throws DomainError `trajectory_field_invalid` that names the file, the path of the first bad value, and what was expected there.
 */
export function readBySchema<T>(name: string, json: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const more = result.error.issues.length - 1;
  const path = jsonPath(first?.path ?? []);
  throw new DomainError({
    kind: 'invalid',
    code: 'trajectory_field_invalid',
    message: `${name} at ${path}: ${expectation(first?.message ?? 'invalid')}${more > 0 ? ` (and ${more} more)` : ''}`,
    details: { file: name, path },
  });
}

// "Invalid input: expected string, received undefined" is the validator's way to say that a field is missing.
function expectation(message: string): string {
  return message.replace(/^Invalid input: /, '').replace(/, received undefined$/, ', but it is missing');
}

/** `$.simulations[3].task_id`, as JSONPath (RFC 9535) writes it. */
function jsonPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`), '$');
}
