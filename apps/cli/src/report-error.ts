import { DomainError, messageOf, type ErrorKind } from '#platform';
import { CommanderError } from 'commander';
import type { Terminal } from './terminal.js';

/**
 * Exit codes, for scripts: 0 done; 1 a fault of the program, or a command says that not all was taken, or that a log is not whole; 2 invalid input or usage; 3 not found; 4 conflict; 5 the other side is
 * unavailable, so try later; 6 not authenticated or not allowed.
 */
const EXIT_CODES: Record<ErrorKind, number> = {
  invalid: 2,
  unsupported: 2,
  too_large: 2,
  not_found: 3,
  conflict: 4,
  rate_limited: 5,
  unavailable: 5,
  unauthenticated: 6,
  forbidden: 6,
};
const INTERNAL = 1;

/** The one place where an error becomes words on stderr (JSON with `--json`) and an exit code. */
export function reportError(error: unknown, terminal: Terminal, isJson: boolean): number {
  // Help and a version are "errors" to commander, and already printed.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const { kind, code, message, details } = describe(error);
  const text = isJson ? JSON.stringify({ error: { kind, code, message, details } }) : `astrolabe: ${message}`;
  terminal.stderr.write(`${text}\n`);
  return kind === 'internal' ? INTERNAL : EXIT_CODES[kind];
}

interface Described {
  kind: ErrorKind | 'internal';
  code: string;
  message: string;
  details?: Record<string, unknown> | undefined;
}

function describe(error: unknown): Described {
  if (error instanceof DomainError) return { kind: error.kind, code: error.code, message: error.message, details: error.details };
  if (error instanceof CommanderError) {
    const message = error.code === 'commander.help' ? 'no command was given; `astrolabe --help` lists them' : error.message.replace(/^error: /, '');
    return { kind: 'invalid', code: 'usage', message };
  }
  // Nobody foresaw it: the stack is what a bug report needs.
  const message = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return { kind: 'internal', code: 'internal', message };
}
