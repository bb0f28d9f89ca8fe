import type { CelInput, parse } from '@bufbuild/cel';
import { evidenceGrades } from './decision.js';
import { celValueOf } from './fact-bindings.js';
import { SAMPLE_FACTS } from './fact-fields.js';

/*
 * Finds what is wrong with an expression before it decides about money. Evaluating it on sample facts is not enough: `handed_off && csta > 3`
 * gives false without ever looking at its second half. So names are looked up one by one, and every part that a condition might skip is
 * tried by itself, with the loop variables standing for the sample's elements.
 */

export type CelExpr = ReturnType<typeof parse>['expr'];
export type Evaluator = (bindings: Record<string, CelInput>) => { kind: 'gave'; value: unknown } | { kind: 'failed'; message: string };

/** What a name stands for in the sample: plain data, or a value whose parts are not known. */
type Meaning = { kind: 'plain'; value: unknown; name: string } | { kind: 'opaque'; value: CelInput };
type Scope = ReadonlyMap<string, Meaning>;
type Want = 'bool' | 'grade' | 'number' | 'anything';

class Problem extends Error {}

const IS_WANTED: Record<Exclude<Want, 'anything'>, (value: unknown) => boolean> = {
  bool: (value) => typeof value === 'boolean',
  grade: (value) => evidenceGrades.some((grade) => grade === value),
  number: (value) => typeof value === 'number' || typeof value === 'bigint',
};
const WANTED: Record<Exclude<Want, 'anything'>, string> = { bool: 'true or false', grade: `one of ${evidenceGrades.join(', ')}`, number: 'a number' };

/** What is wrong and what would be right, or undefined. */
export function checkExpression(expr: CelExpr, expected: Exclude<Want, 'anything'>, evaluatorOf: (expr: CelExpr) => Evaluator): string | undefined {
  const facts: Scope = new Map(Object.entries(SAMPLE_FACTS).map(([name, value]: [string, unknown]) => [name, { kind: 'plain', value, name }]));
  try {
    new Check(evaluatorOf).visit(expr, facts, expected);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

class Check {
  constructor(private readonly evaluatorOf: (expr: CelExpr) => Evaluator) {}

  /** Checks the parts, then the whole. */
  visit(expr: CelExpr, scope: Scope, want: Want): void {
    this.#visitParts(expr, scope, want);
    if (want === 'anything') return;
    const value = this.#evaluate(expr, scope);
    if (!IS_WANTED[want](value)) throw new Problem(`gives ${shown(value)}, but must give ${WANTED[want]}`);
  }

  #visitParts({ exprKind }: CelExpr, scope: Scope, want: Want): void {
    switch (exprKind.case) {
      case 'identExpr':
        this.#meaningOfName(exprKind.value.name, scope);
        return;
      case 'selectExpr':
        this.#visitSelect(exprKind.value, scope);
        return;
      case 'callExpr':
        this.#visitCall(exprKind.value, scope, want);
        return;
      case 'comprehensionExpr':
        this.#visitComprehension(exprKind.value, scope);
        return;
      case 'listExpr':
        for (const element of exprKind.value.elements) this.visit(element, scope, 'anything');
        return;
      case 'structExpr':
        for (const { value } of exprKind.value.entries) if (value) this.visit(value, scope, 'anything');
        return;
      default:
        return;
    }
  }

  #visitSelect({ operand, field }: { operand?: CelExpr | undefined; field: string }, scope: Scope): void {
    if (!operand) return;
    this.visit(operand, scope, 'anything');
    const whole = this.#meaningOf(operand, scope);
    if (whole?.kind !== 'plain' || typeof whole.value !== 'object' || whole.value === null || Array.isArray(whole.value)) return;
    if (field in whole.value) return;
    throw new Problem(`reads "${field}", which ${whole.name} do not have: they have ${Object.keys(whole.value).join(', ')}`);
  }

  #visitCall(call: { function: string; target?: CelExpr | undefined; args: CelExpr[] }, scope: Scope, want: Want): void {
    if (call.target) this.visit(call.target, scope, 'anything');
    if (call.function === '_+_') this.#refuseLongerList(call.args, scope);
    const isLogical = call.function === '_&&_' || call.function === '_||_';
    call.args.forEach((arg, index) => {
      if (isLogical) return this.visit(arg, scope, 'bool');
      // Both ways of a choice must give what the whole must give.
      if (call.function === '_?_:_') return this.visit(arg, scope, index === 0 ? 'bool' : want);
      this.visit(arg, scope, 'anything');
    });
  }

  // What it costs to go through a list is bounded because none is longer than those of the facts. To add one element, which is how the parser
  // writes filter and map, makes none that is.
  #refuseLongerList([first, second]: readonly CelExpr[], scope: Scope): void {
    const isOneMore = second?.exprKind.case === 'listExpr' && second.exprKind.value.elements.length === 1;
    if (!first || isOneMore) return;
    if (isIterable(this.#evaluate(first, scope))) throw new Problem('puts two lists together: ask each by itself, with && or || between');
  }

  // exists, all, exists_one, filter and map are all written as one loop by the parser.
  #visitComprehension(loop: Comprehension, scope: Scope): void {
    if (!loop.iterRange || !loop.loopStep) return;
    this.visit(loop.iterRange, scope, 'anything');
    this.visit(loop.loopStep, this.#insideOf(loop, scope), 'anything');
  }

  #insideOf({ iterVar, accuVar, iterRange, accuInit }: Comprehension, scope: Scope): Scope {
    const inside = new Map(scope);
    if (iterRange) inside.set(iterVar, this.#elementOf(iterRange, scope));
    if (accuInit) inside.set(accuVar, { kind: 'opaque', value: this.#evaluate(accuInit, scope) as CelInput });
    return inside;
  }

  #elementOf(list: CelExpr, scope: Scope): Meaning {
    const known = this.#meaningOf(list, scope);
    if (known?.kind === 'plain' && Array.isArray(known.value)) return { kind: 'plain', value: known.value[0] as unknown, name: known.name };
    // What filter and map put on their list, which may be empty on the sample.
    const added = addedBy(list);
    if (added) {
      const inside = this.#insideOf(added.loop, scope);
      return this.#meaningOf(added.element, inside) ?? { kind: 'opaque', value: this.#evaluate(added.element, inside) as CelInput };
    }
    const value = this.#evaluate(list, scope);
    const [first] = isIterable(value) ? value : [];
    if (first === undefined) throw new Problem(`goes through ${shown(value)}, which cannot be checked: go through signals, tool_calls or verdicts`);
    return { kind: 'opaque', value: first as CelInput };
  }

  #meaningOf({ exprKind }: CelExpr, scope: Scope): Meaning | undefined {
    if (exprKind.case === 'identExpr') return this.#meaningOfName(exprKind.value.name, scope);
    if (exprKind.case === 'callExpr' && exprKind.value.function === '_[_]' && exprKind.value.args[0]) return this.#elementOf(exprKind.value.args[0], scope);
    return undefined;
  }

  #meaningOfName(name: string, scope: Scope): Meaning {
    const meaning = scope.get(name);
    if (meaning) return meaning;
    throw new Problem(`names "${name}", which is no fact: there are ${Object.keys(SAMPLE_FACTS).join(', ')}`);
  }

  #evaluate(expr: CelExpr, scope: Scope): unknown {
    const bindings = Object.fromEntries(
      [...scope].map(([name, meaning]) => [name, meaning.kind === 'plain' ? celValueOf(meaning.value, meaning.name) : meaning.value]),
    );
    const result = this.evaluatorOf(expr)(bindings);
    if (result.kind === 'gave') return result.value;
    throw new Problem(`cannot be evaluated on facts in which nothing is missing: ${result.message}`);
  }
}

type Comprehension = Extract<CelExpr['exprKind'], { case: 'comprehensionExpr' }>['value'];

/** The element expression of `filter` and `map`: the one item of the list that a step adds to what it has. */
function addedBy({ exprKind }: CelExpr): { loop: Comprehension; element: CelExpr } | undefined {
  if (exprKind.case !== 'comprehensionExpr') return undefined;
  const step = exprKind.value.loopStep?.exprKind;
  if (step?.case !== 'callExpr') return undefined;
  const adding = step.value.function === '_?_:_' ? step.value.args[1]?.exprKind : step;
  if (adding?.case !== 'callExpr' || adding.value.function !== '_+_') return undefined;
  const list = adding.value.args[1]?.exprKind;
  const element = list?.case === 'listExpr' ? list.value.elements[0] : undefined;
  return element && { loop: exprKind.value, element };
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'a list or a map' : typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
