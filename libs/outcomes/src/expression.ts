import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { messageOf } from '#platform';
import { CEL_FUNCTIONS } from './cel-functions.js';
import { checkExpression, type CelExpr, type Evaluator } from './check-expression.js';
import { evidenceGrades, type EvidenceGrade } from './decision.js';
import { bindingsOf } from './fact-bindings.js';
import type { Facts } from './facts.js';

/** What an expression must give. */
export type Expected = 'bool' | 'grade' | 'number';

/** An expression of a contract, parsed once. */
export interface CompiledExpression {
  /** Where it stands in the contract. */
  at: string;
  text: string;
  /** False where the facts do not allow an answer. */
  evaluate(facts: Facts): boolean | number | EvidenceGrade;
}

export type Compilation = { kind: 'compiled'; expression: CompiledExpression } | { kind: 'invalid'; problem: string };

const ENVIRONMENT = celEnv({ funcs: [...CEL_FUNCTIONS] });

/** Parses an expression and tries it, and each part of it, on sample facts. The problem, where there is one, says what would be right. */
export function compileExpression(text: string, at: string, expected: Expected): Compilation {
  // The usual grade is a name alone, which in CEL would be a variable.
  if (expected === 'grade' && isGrade(text.trim())) {
    const grade = text.trim() as EvidenceGrade;
    return { kind: 'compiled', expression: { at, text: grade, evaluate: () => grade } };
  }
  let expr: CelExpr;
  try {
    expr = parse(text).expr;
  } catch (error) {
    return { kind: 'invalid', problem: `is not a CEL expression (${messageOf(error)}): see cel.dev for the syntax` };
  }
  const problem = checkExpression(expr, expected, evaluatorOf);
  if (problem !== undefined) return { kind: 'invalid', problem };

  const program = evaluatorOf(expr);
  const evaluate = (facts: Facts) => {
    const result = program(bindingsOf(facts));
    // On an episode that lacks what the expression compares (csat is null), it does not hold; that is CEL's error, and no reason to stop.
    if (result.kind === 'failed' || !isExpected(result.value, expected)) return false;
    return typeof result.value === 'bigint' ? Number(result.value) : (result.value as boolean | number | EvidenceGrade);
  };
  return { kind: 'compiled', expression: { at, text, evaluate } };
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
