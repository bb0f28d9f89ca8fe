import { z } from 'zod';
import { DomainError } from '../errors.js';

/**
 * Checks what came from outside against its schema.
 * @throws DomainError `invalid_input` that names each field that is wrong and what it should be.
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown, what = 'the request'): z.infer<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({ path: issue.path.map(String).join('.') || '(whole)', message: issue.message }));
  throw new DomainError({
    kind: 'invalid',
    code: 'invalid_input',
    message: `${what} is not valid: ${problems.map((problem) => `${problem.path}: ${problem.message}`).join('; ')}`,
    details: { problems },
  });
}
