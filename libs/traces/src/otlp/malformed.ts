import { DomainError } from '#platform';

/** A request body that cannot be decoded: OTLP/HTTP answers 400 and the client must not send it again. */
export function malformed(what: string, cause?: unknown): DomainError {
  return new DomainError({ kind: 'invalid', code: 'malformed_otlp', message: `The body is not a valid OTLP trace request: ${what}`, cause });
}
