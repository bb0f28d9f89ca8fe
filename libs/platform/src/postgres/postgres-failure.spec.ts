import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DomainError } from '../errors.js';
import { isPostgresAway, postgresFailure } from './postgres-failure.js';

const fromServer = (code: string) => Object.assign(new pg.DatabaseError('it says', 6, 'error'), { code });

describe('postgresFailure', () => {
  it.each([
    ['nobody listens', Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })],
    ['the connection is cut', new Error('Connection terminated unexpectedly')],
    ['it starts', fromServer('57P03')],
    ['it has too many connections', fromServer('53300')],
  ])('waits where %s', (_what, cause) => {
    expect(postgresFailure(cause)).toMatchObject({ kind: 'unavailable', code: 'postgres_unavailable', cause });
  });

  it.each([
    ['password is wrong', fromServer('28P01')],
    ['database is not there', fromServer('3D000')],
  ])('does not where the %s', (_what, cause) => {
    expect(postgresFailure(cause)).toMatchObject({ kind: 'forbidden', code: 'postgres_refuses', message: expect.stringContaining('DATABASE_URL'), cause });
  });

  it('says of each address of a name why it does not answer', () => {
    const cause = new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')]);
    expect(postgresFailure(cause).message).toContain('(connect ECONNREFUSED ::1:5432, connect ECONNREFUSED 127.0.0.1:5432)');
  });

  it('does not take what we say ourselves for its absence', () => {
    expect(isPostgresAway(new DomainError({ kind: 'conflict', code: 'migration_edited', message: 'edited' }))).toBe(false);
  });
});
