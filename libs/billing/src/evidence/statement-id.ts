import { DomainError } from '#platform';
import type { Statement } from '../statements/statement.js';

/** A statement as people name it on a command line. */
export interface NamedStatement {
  customerId: string;
  /** `2026-11` */
  period: string;
  /** Left out where the customer has one currency. */
  currency: string | undefined;
}

/** `northwind/2026-11/USD`: says what it names, so that it needs no table to be looked up in. */
export function statementIdOf({ customer, period, currency }: Pick<Statement, 'customer' | 'period' | 'currency'>): string {
  return `${customer.id}/${period.label}/${currency}`;
}

/**
 * Read from its end, because a customer's id may hold a slash.
 * @throws DomainError `invalid_statement_id`
 */
export function parseStatementId(text: string): NamedStatement {
  const [, customerId, period, currency] = /^(.+)\/(\d{4}-\d{2})(?:\/([A-Z]{3}))?$/.exec(text) ?? [];
  if (customerId !== undefined && period !== undefined) return { customerId, period, currency };
  throw new DomainError({ kind: 'invalid', code: 'invalid_statement_id', message: `"${text}" names no statement: write customer, month and currency, such as northwind/2026-11/USD` });
}
