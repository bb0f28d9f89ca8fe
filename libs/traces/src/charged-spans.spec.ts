import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chargedSpans, withCharges, type ChargeableSpan } from './charged-spans.js';
import type { StoredSpanRow } from './queries/conversation-spans.query.js';

type Cost = number | 'no_usage' | 'no_price' | undefined;

const span = (id: string, parent: string, charge: ChargeableSpan['charge'], cost: Cost): ChargeableSpan => ({
  span_id: id,
  parent_span_id: parent,
  charge,
  cost_usd: typeof cost === 'number' ? String(cost) : null,
  cost_unknown_reason: typeof cost === 'string' ? cost : '',
});
const leaf = (id: string, parent: string, cost: Cost) => span(id, parent, 'leaf', cost);
const agent = (id: string, parent: string, cost: Cost) => span(id, parent, 'aggregate', cost);
const other = (id: string, parent: string) => span(id, parent, 'none', undefined);
const idsOf = (trace: ChargeableSpan[]) => [...chargedSpans(trace)].map(({ span_id }) => span_id).sort().join(' ');

// Ids spell the way down: `ab` is below `a`.
const TREES: [what: string, charged: string, trace: ChargeableSpan[]][] = [
  ['a leaf, and not the parents that repeat it', 'abc', [agent('a', '', 3), agent('ab', 'a', 3), leaf('abc', 'ab', 3)]],
  ['leaves without a price, where no parent has a cost', 'ab ac', [agent('a', '', 'no_usage'), leaf('ab', 'a', 'no_price'), leaf('ac', 'a', 'no_usage')]],
  ['leaves without a price, where no parent has a cost though it reports usage', 'ab ac', [agent('a', '', 'no_price'), leaf('ab', 'a', 'no_price'), leaf('ac', 'a', 'no_usage')]],
  ['a parent for leaves none of which has a price', 'a', [agent('a', '', 3), leaf('ab', 'a', 'no_price'), other('ac', 'a'), leaf('acd', 'ac', 'no_usage')]],
  ['leaves, where one of them has a price', 'ab acd', [agent('a', '', 3), leaf('ab', 'a', 'no_price'), other('ac', 'a'), leaf('acd', 'ac', 1)]],
  ['a parent for a branch without leaves, beside leaves in another', 'ab acd', [agent('a', '', 5), agent('ab', 'a', 2), agent('ac', 'a', 3), leaf('acd', 'ac', 3)]],
  ['a parent for a branch whose leaves have no price, beside a leaf with one', 'ab acd', [agent('a', '', 5), agent('ab', 'a', 2), leaf('abx', 'ab', 'no_price'), agent('ac', 'a', 3), leaf('acd', 'ac', 3)]],
  ['the outermost of parents with a silent span between them', 'a', [agent('a', '', 3), other('ab', 'a'), agent('abc', 'ab', 3)]],
  ['the outermost of parents with an agent that reports nothing between them', 'a', [agent('a', '', 3), agent('ab', 'a', 'no_usage'), agent('abc', 'ab', 3)]],
  ['the outermost that has a cost, where one above it has none', 'ab', [agent('a', '', 'no_usage'), agent('ab', 'a', 3), agent('abc', 'ab', 3)]],
  ['the one with a cost, where the one above it reports usage that has none', 'ab', [agent('a', '', 'no_price'), agent('ab', 'a', 3)]],
  ['the outermost that reports usage, where none has a cost', 'ab', [agent('a', '', 'no_usage'), agent('ab', 'a', 'no_price'), agent('abc', 'ab', 'no_price')]],
  ['beside a parent with a cost one without, and not the one that sums up both', 'ab ac', [agent('a', '', 'no_price'), agent('ab', 'a', 3), agent('ac', 'a', 'no_price')]],
  ['nothing of a trace that reports nothing', '', [agent('a', '', 'no_usage'), other('ab', 'a')]],
  ['the inner of two leaves that saw one call', 'ab', [leaf('a', '', 3), leaf('ab', 'a', 3)]],
  ['the outer of two leaves, where the inner one has no cost', 'a', [leaf('a', '', 3), other('ab', 'a'), leaf('abc', 'ab', 'no_usage')]],
  ['one of two leaves, where neither has a cost', 'ab', [leaf('a', '', 'no_price'), leaf('ab', 'a', 'no_usage')]],
  ['a tool that sums up the agent it asked', 'a', [leaf('a', '', 3), agent('ab', 'a', 3)]],
  ['an agent below a call that was aborted', 'ab', [leaf('a', '', 'no_usage'), agent('ab', 'a', 'no_price')]],
  ['a leaf above spans that are no calls', 'a', [leaf('a', '', 'no_usage'), other('ab', 'a'), agent('ac', 'a', 'no_usage')]],
  ['a leaf whose parent is missing, and a parent of which nothing below is there', 'ab xy', [agent('ab', 'a', 3), leaf('xy', 'x', 1)]],
  ['a span that is its own parent, as a root', 'ab', [agent('a', 'a', 3), leaf('ab', 'a', 3)]],
  ['spans of a ring and below it, each as a root', 'a b bc', [agent('a', 'b', 3), agent('b', 'a', 3), leaf('bc', 'b', 3)]],
  ['a tree beside a ring as any tree', 'a b xy', [agent('a', 'b', 3), leaf('b', 'a', 'no_usage'), agent('x', '', 3), leaf('xy', 'x', 3)]],
];

describe('chargedSpans', () => {
  it.each(TREES)('charges %s', (_what, charged, trace) => {
    expect(idsOf(trace)).toBe(charged);
    expect(idsOf(trace.toReversed())).toBe(charged);
  });

  it('does not mind a chain of a hundred thousand spans', () => {
    const chain = Array.from({ length: 100_000 }, (_, index) => agent(`s${index}`, index === 0 ? '' : `s${index - 1}`, 1));
    expect(idsOf(chain)).toBe('s0');
    expect(idsOf([...chain, leaf('leaf', 's99999', 1)])).toBe('leaf');
  });

  it('nor that a client sent a span twice', () => {
    expect([...chargedSpans([leaf('a', '', 3), leaf('a', '', 3)])]).toHaveLength(1);
  });
});

describe('withCharges', () => {
  it('keeps the rows in their order, and the spans of one trace from those of another', () => {
    const row = (traceId: string, given: ChargeableSpan) => ({ ...given, trace_id: traceId }) as StoredSpanRow;
    const rows = [row('t2', agent('a', '', 3)), row('t1', agent('a', '', 3)), row('t1', leaf('ab', 'a', 3)), row('t2', other('ab', 'a'))];
    expect(withCharges(rows).map((given) => [given.trace_id, given.span_id, given.is_charged])).toEqual([['t2', 'a', 1], ['t1', 'a', 0], ['t1', 'ab', 1], ['t2', 'ab', 0]]);
  });
});

// Any parents at all: trees, missing parents, rings, spans that are their own parents.
const traces = fc
  .array(fc.record({ parent: fc.nat(13), charge: fc.constantFrom<ChargeableSpan['charge'][]>('leaf', 'aggregate', 'none'), cost: fc.constantFrom<Cost[]>(1, 'no_usage', 'no_price') }), { maxLength: 12 })
  .map((given) => given.map(({ parent, charge, cost }, index) => span(`s${index}`, `s${parent}`, charge, charge === 'none' ? undefined : cost)));
// Mostly deep trees: a parent is one of the three spans before.
const trees = traces.map((trace) => trace.map((one, index) => ({ ...one, parent_span_id: index === 0 ? '' : `s${index - 1 - (Number(one.parent_span_id.slice(1)) % Math.min(index, 3))}` })));

/** The spans above one, innermost first; none where they form a ring. */
function above(trace: ChargeableSpan[], one: ChargeableSpan): ChargeableSpan[] {
  const found: ChargeableSpan[] = [];
  for (let at = one; ; ) {
    const parent = trace.find(({ span_id }) => span_id === at.parent_span_id);
    if (parent === undefined || parent === at) return found;
    if (parent === one || found.includes(parent)) return [];
    found.push(parent);
    at = parent;
  }
}

const isReporting = (one: ChargeableSpan) => one.charge !== 'none' && (one.cost_usd !== null || one.cost_unknown_reason === 'no_price');
const isCall = (one: ChargeableSpan) => one.charge === 'leaf' || isReporting(one);

/** The rule as it is said: from each root down, until something stands for the rest. */
function slowly(trace: ChargeableSpan[]): ChargeableSpan[] {
  const below = (one: ChargeableSpan) => trace.filter((each) => above(trace, each).includes(one));
  const visit = (one: ChargeableSpan): ChargeableSpan[] => {
    const rest = below(one);
    const isAlone = one.charge === 'leaf' && !rest.some(isCall);
    const isSum = isReporting(one) && one.cost_usd !== null && !rest.some((each) => each.charge === 'leaf' && each.cost_usd !== null);
    const isUnknownSum = isReporting(one) && one.cost_usd === null && !rest.some((each) => each.charge === 'leaf' || each.cost_usd !== null);
    return isAlone || isSum || isUnknownSum ? [one] : rest.filter((each) => above(trace, each)[0] === one).flatMap(visit);
  };
  return trace.filter((one) => above(trace, one).length === 0).flatMap(visit);
}

describe.each([['any parents', traces], ['deep trees', trees]])('what is charged, over %s', (_what, arbitrary) => {
  const holds = (property: (trace: ChargeableSpan[], charged: Set<ChargeableSpan>) => void) => fc.assert(fc.property(arbitrary, (trace) => property(trace, chargedSpans(trace))), { numRuns: 2000 });

  it('is what the slow version says', () => {
    holds((trace, charged) => expect(new Set(slowly(trace))).toEqual(charged));
  });

  it('is once on every way from a root down', () => {
    holds((trace, charged) => {
      for (const one of charged) expect(above(trace, one).filter((each) => charged.has(each))).toEqual([]);
    });
  });

  it('covers every call that has none below it exactly once, and is nothing but calls', () => {
    holds((trace, charged) => {
      const innermost = trace.filter((one) => isCall(one) && !trace.some((each) => isCall(each) && above(trace, each).includes(one)));
      for (const one of innermost) expect([one, ...above(trace, one)].filter((each) => charged.has(each))).toHaveLength(1);
      expect([...charged].filter((one) => !isCall(one))).toEqual([]);
    });
  });

  it('has no priced leaf below it, and no known cost at all where its own is unknown', () => {
    holds((trace, charged) => {
      for (const one of charged) {
        const below = trace.filter((each) => above(trace, each).includes(one));
        expect(below.filter((each) => each.charge === 'leaf' && each.cost_usd !== null)).toEqual([]);
        if (one.cost_usd === null) expect(below.filter((each) => isCall(each) && each.cost_usd !== null)).toEqual([]);
      }
    });
  });

  it('does not hang on the order of the spans', () => {
    holds((trace, charged) => {
      const byId = trace.toSorted((a, b) => (a.span_id < b.span_id ? 1 : -1));
      expect(chargedSpans(byId)).toEqual(charged);
    });
  });
});
