import type { SandboxState } from '../state/sandbox-state.js';
import type { Effect } from './finalize-at.js';

/** Credits the customer's balance, from which later invoices are paid. A balance below zero is credit. */
export function creditBalance({ customers }: SandboxState, id: string, amount: number, at: number): Effect {
  if (amount === 0) return { changes: [], events: [] };
  const previous = customers.get(id);
  const object = { ...previous, balance: previous.balance - amount };
  return { changes: [{ kind: 'put', object }], events: [{ type: 'customer.updated', object, previous, at }] };
}
