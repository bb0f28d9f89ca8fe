import pg from 'pg';
import { DomainError } from '../errors.js';

/** PostgreSQL's character_not_in_repertoire (in text) and untranslatable_character (in jsonb): https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SQLSTATES: readonly (string | undefined)[] = ['22021', '22P05'];

/**
 * PostgreSQL stores every character but NUL, and says so only when it is given one. It came from whoever asked, so it is their error, and
 * it is told here once instead of being looked for in every input.
 */
export function invalidCharacter(error: unknown): DomainError | undefined {
  if (!(error instanceof pg.DatabaseError) || !SQLSTATES.includes(error.code)) return undefined;
  return new DomainError({
    kind: 'invalid',
    code: 'invalid_character',
    message: 'The request holds a NUL character (%00 in an address, \\u0000 in JSON), which cannot be stored: send it without',
    cause: error,
  });
}
