import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { messageOf } from '#platform';
import { RE2JS } from 're2js';
import { CEL_FUNCTIONS } from './cel-functions.js';
import { checkExpression, type CelExpr, type Evaluator } from './check-expression.js';
import { planExplanation } from './explain-expression.js';
import { evidenceGrades, type EvidenceGrade, type ExplainedPart } from './decision.js';
import { bindingsOf } from './fact-bindings.js';
import type { FactSources } from './fact-sources.js';
import { FACT_ITEMS_MAX, type Facts } from './facts.js';

/** What an expression must give. */
export type Expected = 'bool' | 'grade' | 'number';

/** An expression of a contract, parsed once. */
export interface CompiledExpression {
  /** Where it stands in the contract. */
  at: string;
  text: string;
  /** False where the facts do not allow an answer. */
  evaluate(facts: Facts): boolean | number | EvidenceGrade;
  /** Which conditions in it held, and on what each rests; empty where the expression is a single word. */
  explain(facts: Facts, sources: FactSources): ExplainedPart[];
}

export type Compilation = { kind: 'compiled'; expression: CompiledExpression } | { kind: 'invalid'; problem: string };

// Linear time, whatever the pattern.
const ENVIRONMENT = celEnv({ funcs: [...CEL_FUNCTIONS], re2: RE2JS });

// What an expression may cost: two loops within one another go through a million pairs of facts at the most (FACT_ITEMS_MAX), which takes a
// second or so; a third would take a day. No list is longer than those of the facts (`check-expression.ts`).
const TEXT_CHARS_MAX = 10_000;
const LOOPS_WITHIN_MAX = 2;
const ELEMENTS_MAX = 4_000_000;
const DEPTH_MAX = 100;

/** Parses an expression and tries it, and each part of it, on sample facts. The problem, where there is one, says what would be right. */
export function compileExpression(text: string, at: string, expected: Expected): Compilation {
  // The usual grade is a name alone, which in CEL would be a variable.
  if (expected === 'grade' && isGrade(text.trim())) {
    const grade = text.trim() as EvidenceGrade;
    return { kind: 'compiled', expression: { at, text: grade, evaluate: () => grade, explain: () => [] } };
  }
  if (text.length > TEXT_CHARS_MAX) return { kind: 'invalid', problem: `has ${text.length} characters, and at most ${TEXT_CHARS_MAX} are taken: make a condition of its own of a part` };
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text);
  } catch (error) {
    return { kind: 'invalid', problem: `is not a CEL expression (${messageOf(error)}): see cel.dev for the syntax` };
  }
  const { expr } = parsed;
  const problem = tooMuch(expr) ?? checkExpression(expr, expected, evaluatorOf);
  if (problem !== undefined) return { kind: 'invalid', problem };

  const program = evaluatorOf(expr);
  const explain = planExplanation(parsed, evaluatorOf);
  const evaluate = (facts: Facts) => {
    const result = program(bindingsOf(facts));
    // On an episode that lacks what the expression compares (csat is null), it does not hold; that is CEL's error, and no reason to stop.
    if (result.kind === 'failed' || !isExpected(result.value, expected)) return false;
    return typeof result.value === 'bigint' ? Number(result.value) : (result.value as boolean | number | EvidenceGrade);
  };
  return { kind: 'compiled', expression: { at, text, evaluate, explain: (facts, sources) => explain(facts, sources, bindingsOf(facts)) } };
}

function evaluatorOf(expr: CelExpr): Evaluator {
  const program = plan(ENVIRONMENT, expr);
  return (bindings) => {
    try {
      const value = program(bindings);
      return isCelError(value) ? { kind: 'failed', message: value.message } : { kind: 'gave', value };
    } catch (error) {
      return { kind: 'failed', message: messageOf(error) };
    }
  };
}

function isExpected(value: unknown, expected: Expected): boolean {
  switch (expected) {
    case 'bool':
      return typeof value === 'boolean';
    case 'grade':
      return isGrade(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint';
  }
}

function isGrade(value: unknown): value is EvidenceGrade {
  return (evidenceGrades as readonly unknown[]).includes(value);
}

function tooMuch(expr: CelExpr): string | undefined {
  const { loops, depth, elements } = measure(expr);
  if (loops > LOOPS_WITHIN_MAX) return `has ${loops} loops within one another, and at most ${LOOPS_WITHIN_MAX} are taken: each goes through all elements again`;
  if (elements > ELEMENTS_MAX) return `goes through as many as ${elements} elements, and at most ${ELEMENTS_MAX} are taken: two loops within one another go through a million, so have few of them`;
  if (depth > DEPTH_MAX) return `is ${depth} parts deep, and at most ${DEPTH_MAX} are taken: write it flatter`;
  return undefined;
}

interface Measure {
  /** Loops within one another. */
  loops: number;
  /** Parts within one another. */
  depth: number;
  /** How many elements its loops go through together, where each list is as long as it may be. */
  elements: number;
}

function measure(expr: CelExpr): Measure {
  const { exprKind } = expr;
  const inner = exprKind.case === 'comprehensionExpr' ? measureAll([exprKind.value.loopStep]) : measureAll(partsOf(expr));
  if (exprKind.case !== 'comprehensionExpr') return { ...inner, depth: inner.depth + 1 };
  const range = measureAll([exprKind.value.iterRange]);
  return {
    loops: Math.max(range.loops, inner.loops + 1),
    depth: Math.max(range.depth, inner.depth) + 1,
    elements: range.elements + FACT_ITEMS_MAX * (1 + inner.elements),
  };
}

function measureAll(exprs: readonly (CelExpr | undefined)[]): Measure {
  return exprs.reduce<Measure>((all, expr) => {
    const one = expr ? measure(expr) : { loops: 0, depth: 0, elements: 0 };
    return { loops: Math.max(all.loops, one.loops), depth: Math.max(all.depth, one.depth), elements: all.elements + one.elements };
  }, { loops: 0, depth: 0, elements: 0 });
}

function partsOf({ exprKind }: CelExpr): (CelExpr | undefined)[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return [exprKind.value.operand];
    case 'callExpr':
      return [exprKind.value.target, ...exprKind.value.args];
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return exprKind.value.entries.map(({ value }) => value);
    default:
      return [];
  }
}
