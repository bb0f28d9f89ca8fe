import { celEnv, isCelError, parse, plan, type CelInput } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { messageOf } from '#platform';
import { evidenceGrades } from './decision.js';
import type { Facts } from './facts.js';

/** An expression of a contract, parsed once. */
export interface CompiledExpression {
  /** Where it stands in the contract. */
  at: string;
  text: string;
  evaluate(facts: Facts): boolean | string;
}

export type Compilation = { kind: 'compiled'; expression: CompiledExpression } | { kind: 'invalid'; problem: string };

const ENVIRONMENT = celEnv({ funcs: strings });

/**
 * Facts in which every list has an element and nothing is null: an expression that cannot be evaluated on them names a fact that does not
 * exist or compares what cannot be compared.
 */
const SAMPLE: Facts = {
  turns: 1, customer: 'c', agent: 'a', environment: 'production', locale: 'en', channel: 'chat', variant: 'base',
  tool_calls: [{ name: 't', succeeded: true }],
  signals: [{ name: 's', source: 'system', value: '1', number: 1 }],
  verdicts: [{ name: 'v', label: 'pass', score: 1, passed: true }],
  handed_off: false, handoff_reason: '', confirmed: false, csat: 5, ended: true, model_calls: 1, failed_model_calls: 0,
  cost_usd: '0.01', cost_unknown_calls: 0, started_at: '2026-01-01T00:00:00.000Z', ended_at: '2026-01-01T00:01:00.000Z',
};

/** Parses an expression and tries it on sample facts. The problem, where there is one, says what would be right. */
export function compileExpression(text: string, at: string, expected: 'bool' | 'grade'): Compilation {
  let program: ReturnType<typeof plan>;
  try {
    program = plan(ENVIRONMENT, parse(text));
  } catch (error) {
    return { kind: 'invalid', problem: `is not a CEL expression (${messageOf(error)}): see cel.dev for the syntax` };
  }
  const sampled = program(bindingsOf(SAMPLE));
  if (isCelError(sampled)) {
    return { kind: 'invalid', problem: `cannot be evaluated (${sampled.message}): it may use only these facts: ${Object.keys(SAMPLE).join(', ')}` };
  }
  if (!isExpected(sampled, expected)) {
    const right = expected === 'bool' ? 'true or false' : `one of ${evidenceGrades.join(', ')}`;
    return { kind: 'invalid', problem: `gives ${JSON.stringify(sampled, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}, but must give ${right}` };
  }
  const evaluate = (facts: Facts) => {
    const result = program(bindingsOf(facts));
    // On an episode that lacks what the expression compares (csat is null), it does not hold; that is CEL's error, and no reason to stop.
    if (isCelError(result) || !isExpected(result, expected)) return false;
    return result as boolean | string;
  };
  return { kind: 'compiled', expression: { at, text, evaluate } };
}

// CEL tells int from double; facts that are counts become ints.
function bindingsOf(facts: Facts): Record<string, CelInput> {
  const convert = (value: unknown): CelInput => {
    if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
    if (Array.isArray(value)) return value.map(convert) as unknown as CelInput;
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([key, inner]) => [key, convert(inner)])) as unknown as CelInput;
    return value as CelInput;
  };
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, convert(value)]));
}

function isExpected(value: unknown, expected: 'bool' | 'grade'): boolean {
  return expected === 'bool' ? typeof value === 'boolean' : (evidenceGrades as readonly unknown[]).includes(value);
}
