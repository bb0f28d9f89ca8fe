import type { Decision } from './decision.js';
import type { Facts } from './facts.js';
import type { Contract } from './read-contract.js';

export interface KnownContracts {
  contracts: readonly Contract[];
  retired: readonly Contract[];
}

type ContractedParties = Pick<Facts, 'customer' | 'agent'>;
type DecidedUnder = Pick<Decision, 'contractId' | 'contractVersion'>;

/**
 * The contract version that an episode is decided under. The version that decided it first goes on deciding it: a span that comes late must
 * not move a case from the old terms to the new ones. Otherwise the active one that names the customer and the agent and is in force at
 * the end of the episode, of several versions the newest; one that is not in force comes last, so that the reason can say so.
 */
export function contractFor(facts: ContractedParties, endedAt: Date, standing: DecidedUnder | undefined, { contracts, retired }: KnownContracts): Contract | undefined {
  const kept = [...contracts, ...retired].find(({ id, version }) => id === standing?.contractId && version === standing.contractVersion);
  if (kept && covers(kept, facts)) return kept;
  const covering = contracts.filter((contract) => covers(contract, facts)).sort((a, b) => b.version - a.version);
  return covering.find((contract) => isInForce(contract, endedAt)) ?? covering[0];
}

/** Whether the day of `at`, in the contract's time zone, is one that the contract covers. */
export function isInForce({ timeZone, effectiveFrom, effectiveUntil }: Contract, at: Date): boolean {
  if (effectiveFrom === null && effectiveUntil === null) return true;
  const day = dayIn(timeZone, at);
  return (effectiveFrom === null || day >= effectiveFrom) && (effectiveUntil === null || day < effectiveUntil);
}

/** Whether the day of `at`, in the contract's time zone, is one on which outcomes are free. */
export function isPilot({ timeZone, terms }: Contract, at: Date): boolean {
  return terms.pilotUntil !== null && dayIn(timeZone, at) < terms.pilotUntil;
}

/** Whether a newer version leaves an older one nothing to decide: it is in force on every day on which the older one is. */
export function replaces(newer: Contract, older: Contract): boolean {
  const startsBefore = newer.effectiveFrom === null || (older.effectiveFrom !== null && newer.effectiveFrom <= older.effectiveFrom);
  const endsAfter = newer.effectiveUntil === null || (older.effectiveUntil !== null && newer.effectiveUntil >= older.effectiveUntil);
  return startsBefore && endsAfter;
}

/** Whether an episode could be decided by either: a customer pays for it once, so that two such contracts cannot be active together. */
export function overlap(a: Contract, b: Contract): boolean {
  const isSameAgent = a.agents.some((one) => b.agents.some((other) => isAgent(one, beginningOf(other)) || isAgent(other, beginningOf(one))));
  return a.customer.id === b.customer.id && isSameAgent && beginsBeforeEnd(a, b) && beginsBeforeEnd(b, a);
}

function covers({ customer, agents }: Contract, facts: ContractedParties): boolean {
  return facts.customer === customer.id && agents.some((pattern) => isAgent(pattern, facts.agent));
}

function isAgent(pattern: string, agent: string): boolean {
  return pattern.endsWith('*') ? agent.startsWith(beginningOf(pattern)) : agent === pattern;
}

function beginningOf(pattern: string): string {
  return pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
}

function beginsBeforeEnd({ effectiveFrom }: Contract, { effectiveUntil }: Contract): boolean {
  return effectiveFrom === null || effectiveUntil === null || effectiveFrom < effectiveUntil;
}

/** The month of `at` as a wall calendar of the contract shows it, such as 2026-11. */
export function monthIn({ timeZone }: Pick<Contract, 'timeZone'>, at: Date): string {
  return dayIn(timeZone, at).slice(0, 7);
}

// Making one takes longer than all else that is asked of a contract, and there are as many zones as customers have.
const formats = new Map<string, Intl.DateTimeFormat>();

/** The day of `at` as a wall calendar of the zone shows it, such as 2026-01-31, which compares as text. */
export function dayIn(timeZone: string, at: Date): string {
  // sv-SE writes dates so.
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(timeZone, format);
  return format.format(at);
}
