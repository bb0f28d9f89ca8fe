/**
 * The accounts, and all there are. Debits are positive, credits negative.
 *
 * | account                 | kind          | grows by | says                                                                         |
 * |-------------------------|---------------|----------|------------------------------------------------------------------------------|
 * | `receivable:<customer>` | asset         | debit    | what a customer owes                                                         |
 * | `revenue:<outcome>`     | income        | credit   | what outcomes have earned, each at the price that it has by itself           |
 * | `repricing:<outcome>`   | contra income | debit    | what tiers, packages and rounding the whole at once change about that        |
 * | `shortfall:minimum`     | income        | credit   | what a period lacked to its minimum                                          |
 * | `shortfall:commitment`  | income        | credit   | what a commitment lacked when it ended                                       |
 * | `allowance:cap`         | contra income | debit    | what was above the cap of a period                                           |
 * | `rounding`              | income        | credit   | what rounding the lines of statements to whole cents has added, or taken off |
 */
export type Account = `receivable:${string}` | `revenue:${string}` | `repricing:${string}` | 'shortfall:minimum' | 'shortfall:commitment' | 'allowance:cap' | 'rounding';

export const receivableOf = (customerId: string): Account => `receivable:${customerId}`;
export const revenueOf = (outcome: string): Account => `revenue:${outcome}`;
export const repricingOf = (outcome: string): Account => `repricing:${outcome}`;

/** What a term of a contract, or rounding, earns or gives away. */
export const TERM_ACCOUNTS = { minimum: 'shortfall:minimum', commitment: 'shortfall:commitment', cap: 'allowance:cap', rounding: 'rounding' } as const satisfies Record<string, Account>;
