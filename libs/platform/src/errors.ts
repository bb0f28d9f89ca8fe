/** How a failure is to be treated by whoever meets it; only `unavailable` and `rate_limited` are worth a retry, after a while. */
export type ErrorKind = 'invalid' | 'unauthenticated' | 'forbidden' | 'not_found' | 'conflict' | 'too_large' | 'unsupported' | 'rate_limited' | 'unavailable';

export interface DomainErrorInput {
  kind: ErrorKind;
  /** Stable, snake_case: scripts and clients branch on it. */
  code: string;
  /** What was wrong, where, and what would be right. */
  message: string;
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** The one error that is thrown on purpose. Apps translate `kind` to a status or an exit code in one place each. */
export class DomainError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(input: DomainErrorInput) {
    super(input.message, input.cause === undefined ? undefined : { cause: input.cause });
    this.name = 'DomainError';
    this.kind = input.kind;
    this.code = input.code;
    this.details = input.details;
  }
}

/** For catch blocks: the message of anything that was thrown. */
export function messageOf(error: unknown): string {
  // Of a name with several addresses, none of which answers, the error itself says nothing.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/** A broken invariant is a bug: it is thrown as a plain error and caught by nobody. */
export function assertInvariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}
