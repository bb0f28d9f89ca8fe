import { readContract, type Contract } from '../read-contract.js';

/** A small contract with one of everything; lines are replaced by `edits`. */
export const CONTRACT = `contract: support
version: 1
customer: { id: acme, name: Acme }
agents: [support]
currency: USD
time_zone: America/New_York
quiet_window: 1h
exclusions:
  - { reason: handed_over, when: handed_off }
  - { reason: negative_rating, when: csat <= 2 }
policies:
  - outcome: refunded
    title: A refund carried out
    when: signals.exists(s, s.name == "refund" && s.source == "system")
    unless: tool_calls.exists(t, !t.succeeded)
    grade: system_verified
    price: "1.80"
  - outcome: resolved
    title: A question answered
    when: turns > 0
    grade: 'confirmed ? "customer_confirmed" : "inferred"'
    price: { customer_confirmed: 0.99 }
`;

/** What is replaced in the contract, and by what. */
export type ContractEdit = readonly [from: string, to: string];

export function contractWith(...edits: readonly ContractEdit[]): Contract {
  return readContract(edited(...edits), 'contract.yaml');
}

/** @throws when there is nothing to replace: a test that edits nothing tests nothing. */
export function edited(...edits: readonly ContractEdit[]): string {
  return edits.reduce((source, [from, to]) => {
    if (!source.includes(from)) throw new Error(`the contract has no ${from}`);
    return source.replace(from, to);
  }, CONTRACT);
}
