/**
 * The accounts, and all there are. Debits are positive, credits negative.
 *
 * | account                 | kind    | grows by | says                                   |
 * |-------------------------|---------|----------|----------------------------------------|
 * | `receivable:<customer>` | asset   | debit    | what a customer owes for outcomes      |
 * | `revenue:<outcome>`     | income  | credit   | what an outcome has earned             |
 */
export type Account = `receivable:${string}` | `revenue:${string}`;

export const receivableOf = (customerId: string): Account => `receivable:${customerId}`;
export const revenueOf = (outcome: string): Account => `revenue:${outcome}`;
