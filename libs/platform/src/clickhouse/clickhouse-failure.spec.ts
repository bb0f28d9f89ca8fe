import { describe, expect, it } from '@jest/globals';
import { ClickHouseError } from '@clickhouse/client';
import { clickHouseFailure } from './clickhouse-failure.js';

const fromServer = (code: string, type: string) => new ClickHouseError({ message: 'it says', code, type });

describe('clickHouseFailure', () => {
  it.each([
    ['nobody listens', Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })],
    ['its name is not known', Object.assign(new Error('getaddrinfo EAI_AGAIN clickhouse'), { code: 'EAI_AGAIN' })],
    ['the client gives up', new Error('Timeout error.')],
    ['a proxy has nothing behind it', new Error('<html><h1>503 Service Unavailable</h1></html>')],
    ['it has too much to do', fromServer('202', 'TOO_MANY_SIMULTANEOUS_QUERIES')],
    ['it has no Keeper', fromServer('999', 'KEEPER_EXCEPTION')],
    ['it stops', fromServer('236', 'ABORTED')],
  ])('waits where %s', (_what, cause) => {
    expect(clickHouseFailure(cause)).toMatchObject({ kind: 'unavailable', code: 'clickhouse_unavailable', cause });
  });

  it.each([
    ['password is wrong', fromServer('516', 'AUTHENTICATION_FAILED')],
    ['user may not do this', fromServer('497', 'ACCESS_DENIED')],
    ['database is not there', fromServer('81', 'UNKNOWN_DATABASE')],
    ['migration is not understood', fromServer('62', 'SYNTAX_ERROR')],
  ])('does not where the %s', (_what, cause) => {
    expect(clickHouseFailure(cause)).toMatchObject({ kind: 'forbidden', code: 'clickhouse_refuses', message: expect.stringContaining('CLICKHOUSE_URL'), cause });
  });
});
