import type { Statement } from '#billing';
import type { StatementAddress } from '../components/addresses.js';

export function addressOfStatement({ customer, period, currency }: Pick<Statement, 'customer' | 'period' | 'currency'>): StatementAddress {
  return { customerId: customer.id, period: period.label, currency, timeZone: period.timeZone };
}
