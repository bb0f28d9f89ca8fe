import pg from 'pg';
import { DomainError, messageOf } from '../errors.js';

// Classes of SQLSTATE that are about the server and not about what it was asked (PostgreSQL documentation, appendix A): connection
// exceptions, too little of something, and an operator who intervenes, which is also what a server that is starting says.
const PASSING_CLASSES = new Set(['08', '53', '57']);

/** Whether waiting helps: the server said nothing (connections that are refused or cut, names that are not known yet), or that it is not ready. */
export function isPostgresAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return PASSING_CLASSES.has(error.code?.slice(0, 2) ?? '');
  return !(error instanceof DomainError);
}

/** Why a question that every server answers was not answered. */
export function postgresFailure(cause: unknown): DomainError {
  if (isPostgresAway(cause)) {
    const message = `PostgreSQL does not answer (${messageOf(cause)}): check DATABASE_URL and that the server is up`;
    return new DomainError({ kind: 'unavailable', code: 'postgres_unavailable', message, cause });
  }
  const message = `PostgreSQL refuses (${messageOf(cause)}): check the user, the password and the database in DATABASE_URL`;
  return new DomainError({ kind: 'forbidden', code: 'postgres_refuses', message, cause });
}
