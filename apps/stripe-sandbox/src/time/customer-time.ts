import type { SandboxState } from '../state/sandbox-state.js';

/** What time it is for a customer: that of its test clock, if it has one, else the sandbox's. Unix seconds. */
export function customerTime({ customers, testClocks }: SandboxState, customer: string | undefined, now: number): number {
  const clock = customer === undefined ? undefined : customers.find(customer)?.test_clock;
  return (clock == null ? undefined : testClocks.find(clock)?.frozen_time) ?? now;
}
