import { unparse, type CelInput, type parse } from '@bufbuild/cel';
import type { CelExpr, Evaluator } from './check-expression.js';
import type { ExplainedPart } from './decision.js';
import { celValueOf } from './fact-bindings.js';
import type { EvidenceRef, FactSources } from './fact-sources.js';
import type { Facts } from './facts.js';

/*
 * Says of an expression which of its conditions held, and which signals and spans each rests on. Conditions are what `&&`, `||` and `!` join;
 * each is planned once, with the expression. A loop over a list of facts rests on the elements that made the difference: for `exists` those
 * for which it held, for `all` those for which it did not.
 */

export type Explain = (facts: Facts, sources: FactSources, bindings: Record<string, CelInput>) => ExplainedPart[];

const REFS_MAX = 20;
// Of a condition that somebody wrote on many lines.
const PARTS_MAX = 50;

type ParsedExpr = ReturnType<typeof parse>;
type Find = (facts: Facts, sources: FactSources, bindings: Record<string, CelInput>) => readonly EvidenceRef[];

/** Plans the explanation of an expression whose parts have been checked. */
export function planExplanation(parsed: ParsedExpr, evaluatorOf: (expr: CelExpr) => Evaluator): Explain {
  const conditions = conditionsOf(parsed.expr).slice(0, PARTS_MAX).map((expr) => ({ text: textOf(parsed, expr), evaluate: evaluatorOf(expr), find: finderOf(expr, evaluatorOf) }));
  return (facts, sources, bindings) =>
    conditions.map(({ text, evaluate, find }) => {
      const result = evaluate(bindings);
      const held = result.kind === 'gave' && typeof result.value === 'boolean' ? result.value : null;
      return { text, held, restsOn: distinct(find(facts, sources, bindings)).slice(0, REFS_MAX) };
    });
}

function conditionsOf(expr: CelExpr): CelExpr[] {
  const { exprKind } = expr;
  if (exprKind.case === 'callExpr' && ['_&&_', '_||_', '!_'].includes(exprKind.value.function)) return exprKind.value.args.flatMap(conditionsOf);
  // Of a choice, the condition and whichever way is taken.
  if (exprKind.case === 'callExpr' && exprKind.value.function === '_?_:_') return exprKind.value.args.flatMap(conditionsOf);
  return exprKind.case === 'constExpr' ? [] : [expr];
}

// As it was written: without the macros that were noted while it was parsed a loop is unfolded.
function textOf({ sourceInfo, ...parsed }: ParsedExpr, expr: CelExpr): string {
  return unparse({ ...parsed, sourceInfo, expr });
}

function finderOf(expr: CelExpr, evaluatorOf: (expr: CelExpr) => Evaluator): Find {
  const finders = findersIn(expr, evaluatorOf);
  return (...given) => finders.flatMap((find) => find(...given));
}

function findersIn(expr: CelExpr, evaluatorOf: (expr: CelExpr) => Evaluator): Find[] {
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'identExpr': {
      const name = exprKind.value.name;
      return [(_facts, { elements, summed }) => elements[name as keyof typeof elements] ?? summed[name as keyof Facts] ?? []];
    }
    case 'selectExpr':
      return exprKind.value.operand ? findersIn(exprKind.value.operand, evaluatorOf) : [];
    case 'callExpr':
      return [...(exprKind.value.target ? [exprKind.value.target] : []), ...exprKind.value.args].flatMap((inner) => findersIn(inner, evaluatorOf));
    case 'listExpr':
      return exprKind.value.elements.flatMap((inner) => findersIn(inner, evaluatorOf));
    case 'comprehensionExpr': {
      const loop = loopOver(expr, evaluatorOf);
      return loop ? [(facts, sources, bindings) => loop(facts, sources, bindings).map(({ ref }) => ref)] : exprKind.value.iterRange ? findersIn(exprKind.value.iterRange, evaluatorOf) : [];
    }
    default:
      return [];
  }
}

interface Element {
  value: CelInput;
  ref: EvidenceRef;
}

type Elements = (facts: Facts, sources: FactSources, bindings: Record<string, CelInput>) => Element[];

/** The elements that a loop over facts rests on; undefined where it goes through something else. */
function loopOver(expr: CelExpr, evaluatorOf: (expr: CelExpr) => Evaluator): Elements | undefined {
  if (expr.exprKind.case === 'identExpr') {
    const name = expr.exprKind.value.name;
    return (facts, { elements }) => {
      const refs = elements[name as keyof typeof elements] as readonly EvidenceRef[] | undefined;
      const values = facts[name as keyof Facts];
      return refs && Array.isArray(values) ? refs.flatMap((ref, index) => (index < values.length ? [{ value: celValueOf(values[index], name), ref }] : [])) : [];
    };
  }
  if (expr.exprKind.case !== 'comprehensionExpr' || !expr.exprKind.value.iterRange) return undefined;
  const { iterVar, iterRange, loopStep } = expr.exprKind.value;
  const through = isFactList(iterRange) ? loopOver(iterRange, evaluatorOf) : undefined;
  if (!through) return undefined;
  const step = stepOf(loopStep);
  if (!step) return through;
  const holds = evaluatorOf(step.predicate);
  return (facts, sources, bindings) =>
    through(facts, sources, bindings).filter(({ value }) => {
      const result = holds({ ...bindings, [iterVar]: value });
      return step.isAll ? !(result.kind === 'gave' && result.value === true) : result.kind === 'gave' && result.value === true;
    });
}

const LISTS = new Set(['signals', 'tool_calls', 'verdicts']);

function isFactList({ exprKind }: CelExpr): boolean {
  if (exprKind.case === 'identExpr') return LISTS.has(exprKind.value.name);
  return exprKind.case === 'comprehensionExpr' && exprKind.value.iterRange !== undefined && isFactList(exprKind.value.iterRange);
}

/** What the parser makes of exists, all, exists_one, filter: a step with the predicate in it. A map has none. */
function stepOf(step: CelExpr | undefined): { predicate: CelExpr; isAll: boolean } | undefined {
  if (step?.exprKind.case !== 'callExpr') return undefined;
  const { function: name, args } = step.exprKind.value;
  const predicate = name === '_?_:_' ? args[0] : name === '_&&_' || name === '_||_' ? args[1] : undefined;
  return predicate && { predicate, isAll: name === '_&&_' };
}

function distinct(refs: readonly EvidenceRef[]): EvidenceRef[] {
  return [...new Map(refs.map((ref) => [`${ref.kind} ${ref.traceId} ${ref.id}`, ref])).values()];
}
