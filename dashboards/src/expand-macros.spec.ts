import { describe, expect, it } from '@jest/globals';
import { expandMacros, type MacroContext } from './expand-macros.js';

// 2026-11-02T10:00:00Z is 1793613600 in unix seconds: 20759 days of 86400 s since 1970, and 10 hours.
const context: MacroContext = {
  from: new Date('2026-11-02T10:00:00.250Z'),
  to: new Date('2026-11-03T11:00:00.750Z'),
  intervalMs: 20_500,
  variables: { organization: 'acme', customer: ['globex', "o'neill"], agent: ['$__all'], empty: '' },
};
const expand = (sql: string) => expandMacros(sql, context);

describe('expandMacros', () => {
  // One line for each row of the table of the datasource's macros.
  it.each([
    ['$__timeFilter(c)', 'c >= toDateTime(1793613600) AND c <= toDateTime(1793703600)'],
    ['$__timeFilter_ms(c)', 'c >= fromUnixTimestamp64Milli(1793613600250) AND c <= fromUnixTimestamp64Milli(1793703600750)'],
    ['$__dateFilter(c)', "c >= toDate('2026-11-02') AND c <= toDate('2026-11-03')"],
    [
      '$__dateTimeFilter(d, c)',
      "(d >= toDate('2026-11-02') AND d <= toDate('2026-11-03')) AND (c >= toDateTime(1793613600) AND c <= toDateTime(1793703600))",
    ],
    ['$__fromTime', 'toDateTime(1793613600)'],
    ['$__toTime', 'toDateTime(1793703600)'],
    ['$__fromTime_ms', 'fromUnixTimestamp64Milli(1793613600250)'],
    ['$__toTime_ms', 'fromUnixTimestamp64Milli(1793703600750)'],
    ['$__timeInterval(c)', 'toStartOfInterval(toDateTime(c), INTERVAL 20 second)'],
    ['$__timeInterval_ms(c)', 'toStartOfInterval(toDateTime64(c, 3), INTERVAL 20500 millisecond)'],
    ['$__interval_s', '20'],
    ['$__conditionalAll(a IN (${customer:singlequote}), $customer)', "a IN ('globex','o\\'neill')"],
    ['$__conditionalAll(a IN (${agent:singlequote}), $agent)', '1=1'],
    ['$__conditionalAll(a = ${empty:singlequote}, $empty)', '1=1'],
  ])('%s', (sql, expected) => {
    expect(expand(`SELECT 1 WHERE ${sql} AND 2`)).toBe(`SELECT 1 WHERE ${expected} AND 2`);
  });

  it('has no interval below one second, or one millisecond', () => {
    const narrow = { ...context, intervalMs: 0.2 };
    expect(expandMacros('$__interval_s', narrow)).toBe('1');
    expect(expandMacros('$__timeInterval_ms(c)', narrow)).toBe('toStartOfInterval(toDateTime64(c, 3), INTERVAL 1 millisecond)');
  });

  it('replaces variables, and quotes an unformatted array without escaping it', () => {
    expect(expand('a = ${organization:singlequote} AND b = ${organization} AND c IN ($customer)')).toBe(
      "a = 'acme' AND b = acme AND c IN ('globex','o'neill')",
    );
  });

  it('reads nested brackets, macros inside conditions, and conditions one after the other', () => {
    expect(
      expand('$__conditionalAll(t IN (SELECT t FROM v WHERE $__timeFilter(coalesce(a, b)) AND c IN (${customer:singlequote})), $customer) AND $__conditionalAll(x, $agent)'),
    ).toBe(
      "t IN (SELECT t FROM v WHERE coalesce(a, b) >= toDateTime(1793613600) AND coalesce(a, b) <= toDateTime(1793703600) AND c IN ('globex','o\\'neill')) AND 1=1",
    );
  });

  it.each([
    ['$__nothing(c)', '$__nothing is no macro'],
    ['$__timeFilter(a, b)', 'takes 1 argument(s), not 2'],
    ['$__timeFilter', 'an opening bracket is missing after $__timeFilter'],
    ['$__timeFilter(a', 'brackets are not closed'],
    ['$__conditionalAll(a)', 'takes a condition and a variable'],
    ['${tenant:singlequote}', 'the variable "tenant" does not exist'],
    ['${organization:csv}', 'write :singlequote'],
    ['a IN (${agent:singlequote})', '"agent" is All outside $__conditionalAll'],
  ])('refuses %s', (sql, message) => {
    expect(() => expand(sql)).toThrow(message);
  });
});
