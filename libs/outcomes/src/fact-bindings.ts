import type { CelInput } from '@bufbuild/cel';
import type { Facts } from './facts.js';

/**
 * Facts in which every list has an element and nothing is null: an expression that cannot be evaluated on them compares what cannot be
 * compared.
 */
export const SAMPLE_FACTS: Facts = {
  turns: 1,
  customer: 'c',
  agent: 'a',
  environment: 'production',
  is_test_traffic: false,
  locale: 'en',
  channel: 'chat',
  variant: 'base',
  tool_calls: [{ name: 't', succeeded: true }],
  signals: [{ name: 's', source: 'system', value: '1', number: 1 }],
  verdicts: [{ name: 'v', label: 'pass', score: 1, passed: true }],
  handed_off: false,
  handoff_reason: '',
  confirmed: false,
  csat: 5,
  ended: true,
  model_calls: 1,
  failed_model_calls: 0,
  cost_usd: '0.01',
  cost_unknown_calls: 0,
  started_at: '2026-01-01T00:00:00.000Z',
  ended_at: '2026-01-01T00:01:00.000Z',
};

// CEL tells int from double. Which one a fact is must not depend on its value, or an expression would work for 4 and fail for 4.5.
const DOUBLES = new Set(['csat', 'number', 'score']);

/** Facts as CEL takes them: counts are ints, ratings and scores doubles; the two compare with each other and with any number. */
export function bindingsOf(facts: Facts): Record<string, CelInput> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, celValueOf(value, name)]));
}

/** One fact, or a part of one, as CEL takes it. */
export function celValueOf(value: unknown, name: string): CelInput {
  if (typeof value === 'number') return DOUBLES.has(name) ? value : BigInt(value);
  if (Array.isArray(value)) return value.map((item) => celValueOf(item, name));
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([key, inner]) => [key, celValueOf(inner, key)]));
  return value as CelInput;
}
