import type { CelInput } from '@bufbuild/cel';
import { ELEMENT_FIELDS, FACT_FIELDS } from './fact-fields.js';
import type { Facts } from './facts.js';

const DOUBLES = new Set(
  [FACT_FIELDS, ...Object.values(ELEMENT_FIELDS)].flatMap((fields) => Object.entries(fields).flatMap(([name, { type }]) => (type === 'double' || type === 'list of double' ? [name] : []))),
);

// A contract has a dozen expressions that are evaluated on the same facts: half of the time of a decision was making them again.
const made = new WeakMap<Facts, Record<string, CelInput>>();

/** Facts as CEL takes them: counts are ints, ratings and scores doubles; the two compare with each other and with any number. */
export function bindingsOf(facts: Facts): Record<string, CelInput> {
  const known = made.get(facts);
  if (known) return known;
  const bindings = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, celValueOf(value, name)]));
  made.set(facts, bindings);
  return bindings;
}

/** One fact, or a part of one, as CEL takes it. */
export function celValueOf(value: unknown, name: string): CelInput {
  if (typeof value === 'number') return DOUBLES.has(name) ? value : BigInt(value);
  if (Array.isArray(value)) return value.map((item) => celValueOf(item, name));
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([key, inner]) => [key, celValueOf(inner, key)]));
  return value as CelInput;
}
