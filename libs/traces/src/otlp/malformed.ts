import { DomainError } from '#platform';

/** A request body that cannot be decoded: OTLP/HTTP answers 400 and the client must not send it again. */
export function malformed(what: string, cause?: unknown): DomainError {
  return new DomainError({ kind: 'invalid', code: 'malformed_otlp', message: `The body is not a valid OTLP request: ${what}`, cause });
}

/** Arrays and maps within an attribute go no deeper: a recursive reader must not be led to the end of its stack. */
export const NESTING_MAX = 32;
