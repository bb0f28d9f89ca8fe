import { z } from 'zod';
import { invalidRequest, type StripeError } from './stripe-error.js';

// A form holds only text, so these read text. The codes are those that the SDK's types list for Stripe's errors.

export const text = (lengthMax = 5_000) => z.string().min(1).max(lengthMax);

export const integer = (min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .refine((given) => /^-?\d{1,15}$/.test(given), { message: 'must be an integer', params: { code: 'parameter_invalid_integer' } })
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** Seconds since 1970. */
export const unixSeconds = () => integer(0);

export const boolean = () => z.enum(['true', 'false'], 'must be true or false').transform((given) => given === 'true');

export const metadata = () => z.record(z.string(), z.string()).default({});

/** A change of metadata: an empty value takes its key away, an empty text all of them. */
export const metadataChange = () => z.union([z.literal(''), z.record(z.string(), z.string())]).optional();

export function withMetadata(metadata: Record<string, string>, change: z.output<ReturnType<typeof metadataChange>>): Record<string, string> {
  if (change === '') return {};
  return Object.fromEntries(Object.entries({ ...metadata, ...change }).filter(([, value]) => value !== ''));
}

/**
 * Checks parameters against a strict schema and says what is wrong in Stripe's words and codes.
 * @throws StripeError 400: `parameter_unknown`, `parameter_missing`, `parameter_invalid_integer`, or without code for the rest
 */
export function readParams<Schema extends z.ZodType>(schema: Schema, params: unknown): z.output<Schema> {
  const result = schema.safeParse(params, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw invalidRequest('The parameters are invalid.');
  throw translate(issue);
}

function translate(issue: z.core.$ZodIssue): StripeError {
  if (issue.code === 'unrecognized_keys') {
    const param = bracketed([...issue.path, issue.keys[0] ?? '']);
    return invalidRequest(`Received unknown parameter: ${param}. The sandbox knows a part of Stripe's parameters; its README lists them.`, {
      code: 'parameter_unknown',
      param,
    });
  }
  const param = bracketed(issue.path);
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  const code = issue.code === 'custom' && typeof issue.params?.['code'] === 'string' ? { code: issue.params['code'] } : {};
  return invalidRequest(`Invalid ${param}: ${issue.message}.`, { ...code, param });
}

function bracketed(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (index === 0 ? String(key) : `[${String(key)}]`)).join('');
}
