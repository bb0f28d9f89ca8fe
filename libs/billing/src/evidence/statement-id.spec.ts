import { describe, expect, it } from '@jest/globals';
import { parseStatementId, statementIdOf } from './statement-id.js';

describe('parseStatementId', () => {
  it.each([
    ['northwind/2026-11/USD', { customerId: 'northwind', period: '2026-11', currency: 'USD' }],
    ['northwind/2026-11', { customerId: 'northwind', period: '2026-11', currency: undefined }],
    ['emea/northwind & sons/2026-11/EUR', { customerId: 'emea/northwind & sons', period: '2026-11', currency: 'EUR' }],
    // Whoever calls themselves so has only themselves to thank; the last month counts.
    ['a/2026-10/USD/2026-11', { customerId: 'a/2026-10/USD', period: '2026-11', currency: undefined }],
  ])('reads %s', (text, named) => {
    expect(parseStatementId(text)).toEqual(named);
  });

  it('reads back what it wrote', () => {
    const period = { label: '2026-11', start: new Date(0), end: new Date(1), timeZone: null };
    expect(parseStatementId(statementIdOf({ customer: { id: 'a/b', name: 'B' }, period, currency: 'JPY' }))).toEqual({ customerId: 'a/b', period: '2026-11', currency: 'JPY' });
  });

  it.each(['', 'northwind', '/2026-11', 'northwind/2026', 'northwind/2026-11/usd', 'northwind/2026-11/USD/'])('refuses %j', (text) => {
    expect(() => parseStatementId(text)).toThrow(expect.objectContaining({ code: 'invalid_statement_id' }));
  });
});
