import { formatDecimal, formatMicros } from '#platform';
import { evidenceGrades } from './decision.js';
import type { Price } from './rating/price.js';
import type { PricesByGrade } from './price-schema.js';
import type { Contract, Policy } from './read-contract.js';

/** One thing that a contract says, under a name that it has in every version. */
export interface ContractTerm {
  name: string;
  says: string;
}

/** How two versions differ: null where one of them does not have the term. */
export interface TermChange {
  name: string;
  before: string | null;
  after: string | null;
}

/** Everything that a contract says and that decides about outcomes or money, in words. */
export function termsOf(contract: Contract): ContractTerm[] {
  const { customer, agents, currency, timeZone, effectiveFrom, effectiveUntil, reopen, terms, exclusions, policies, reviewQuestions } = contract;
  const money = (micros: bigint) => `${formatMicros(micros)} ${currency}`;
  return [
    { name: 'customer', says: `${customer.name} (${customer.id})` },
    { name: 'agents', says: agents.join(', ') },
    { name: 'currency', says: currency },
    { name: 'time zone', says: timeZone },
    ...term('effective from', effectiveFrom),
    ...term('effective until', effectiveUntil),
    { name: 'quiet window', says: durationText(contract.quietWindowMs) },
    { name: 'longest episode', says: durationText(contract.longestEpisodeMs) },
    ...term('hold window', contract.holdWindowMs, durationText),
    ...term('reopen', reopen, ({ withinMs, reverses }) => `a return within ${durationText(withinMs)} reverses ${reverses.join(', ')}`),
    { name: 'charged once per', says: contract.chargeOncePer },
    { name: 'several policies', says: contract.combine === 'additive' ? 'each that holds is billed' : 'the first that holds decides' },
    ...term('dispute window', contract.disputeWindowMs, durationText),
    ...term('minimum', terms.minimumMicros, (micros) => `${money(micros)} a period`),
    ...term('cap', terms.capMicros, (micros) => `${money(micros)} a period`),
    ...term('commitment', terms.commitment, ({ amountMicros, months }) => `${money(amountMicros)} in ${months} months`),
    ...term('pilot', terms.pilotUntil, (until) => `free until ${until}`),
    ...exclusions.map(({ reason, when }) => ({ name: `exclusion ${reason}`, says: when.text })),
    { name: 'exclusions, in order', says: exclusions.map(({ reason }) => reason).join(', ') || 'none' },
    ...policies.flatMap((policy) => policyTerms(policy, currency)),
    { name: 'policies, in order', says: policies.map(({ outcome }) => outcome).join(', ') },
    ...reviewQuestions.map(({ id, ask, answers }) => ({ name: `question ${id}`, says: `${ask} (${answers.join(', ')})` })),
  ];
}

/** What a contract says, for scripts: what it is known by, and every term in words. */
export function summarizeContract(contract: Contract) {
  const { id, version, customer, agents, currency, timeZone, quietWindowMs, policies, exclusions, sourceSha256 } = contract;
  return {
    ...{ id, version, customerId: customer.id, agents, currency, timeZone, quietWindowMs },
    exclusions: exclusions.map(({ reason }) => reason),
    policies: policies.map(({ outcome, prices }) => ({ outcome, price: pricesText(prices, currency) })),
    terms: Object.fromEntries(termsOf(contract).map(({ name, says }) => [name, says])),
    sourceSha256,
  };
}

/** What changes from one version to another, in the order of the terms. */
export function diffContracts(before: Contract, after: Contract): TermChange[] {
  const [was, is] = [before, after].map((contract) => new Map(termsOf(contract).map(({ name, says }) => [name, says]))) as [Map<string, string>, Map<string, string>];
  const names = [...new Set([...was.keys(), ...is.keys()])];
  return names.map((name) => ({ name, before: was.get(name) ?? null, after: is.get(name) ?? null })).filter(({ before: old, after: fresh }) => old !== fresh);
}

/** A policy's prices: one text where all grades cost the same. */
export function pricesText(prices: PricesByGrade, currency: string): string {
  const texts = evidenceGrades.flatMap((grade) => {
    const price = prices[grade];
    return price ? [{ grade, text: priceText(price, currency) }] : [];
  });
  const isOnePrice = texts.length === evidenceGrades.length && new Set(texts.map(({ text }) => text)).size === 1;
  return isOnePrice ? (texts[0]?.text ?? '') : texts.map(({ grade, text }) => `${grade} ${text}`).join(', ');
}

function policyTerms({ outcome, title, when, unless, grade, value, prices }: Policy, currency: string): ContractTerm[] {
  const name = (what: string) => `${outcome}: ${what}`;
  return [
    { name: name('title'), says: title },
    { name: name('when'), says: when.text },
    ...term(name('unless'), unless, ({ text }) => text),
    { name: name('grade'), says: grade.text },
    ...term(name('value'), value, ({ text }) => text),
    { name: name('price'), says: pricesText(prices, currency) },
  ];
}

function priceText(price: Price, currency: string): string {
  const money = (micros: bigint) => `${formatMicros(micros)} ${currency}`;
  switch (price.kind) {
    case 'flat':
      return money(price.unitMicros);
    case 'package':
      return `${money(price.packageMicros)} for each ${units(price.size)} started`;
    case 'graduated':
    case 'volume': {
      const tiers = price.tiers.map(({ upTo, unitMicros, flatMicros }) => {
        const flat = flatMicros === 0n ? '' : ` and ${money(flatMicros)} once`;
        return `${money(unitMicros)}${flat} ${upTo === null ? 'beyond' : `up to ${units(upTo)}`}`;
      });
      return `${price.kind}: ${tiers.join('; ')}`;
    }
  }
}

function term<Value>(name: string, value: Value | null, say: (value: Value) => string = String): ContractTerm[] {
  return value === null ? [] : [{ name, says: say(value) }];
}

function units(quantity: bigint): string {
  return formatDecimal(quantity, 6);
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000]] as const;

/** As a contract file has it. */
function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, length]) => ms % length === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
