import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { RecentSpans, SpanKeys } from './recent-spans.js';

interface Span {
  organization: string;
  trace: number;
  span: number;
  checksum: number;
}

const SPAN: Span = { organization: 'acme', trace: 1, span: 1, checksum: 1 };
const idOf = (n: number, bytes: number) => Buffer.from(n.toString(16).padStart(bytes * 2, '0'), 'hex');

/** Spans as the transcoder hands them over. */
function open(spansMax: number) {
  const recent = new RecentSpans(spansMax);
  const keys = new SpanKeys();
  const write = ({ organization, trace, span, checksum }: Span) => recent.keyOf(keys.next, organization, idOf(trace, 16), idOf(span, 8), checksum);
  return {
    has: (span: Span) => {
      write(span);
      return recent.has(keys.next);
    },
    add: (spans: Span[]) => {
      keys.reset();
      for (const span of spans) {
        write(span);
        keys.push();
      }
      recent.add(keys.toArray());
    },
  };
}

/** The slow way: two sets of names, of which the older is forgotten when the newer is full. */
class SlowRecentSpans {
  #current = new Set<string>();
  #previous = new Set<string>();

  constructor(private readonly spansMax: number) {}

  has(span: Span): boolean {
    return this.#current.has(JSON.stringify(span)) || this.#previous.has(JSON.stringify(span));
  }

  add(spans: Span[]): void {
    for (const span of spans) {
      this.#current.add(JSON.stringify(span));
      if (this.#current.size < this.spansMax) continue;
      this.#previous = this.#current;
      this.#current = new Set();
    }
  }
}

describe('RecentSpans', () => {
  it('knows what it was given, and nothing else', () => {
    const { has, add } = open(10);
    expect(has(SPAN)).toBe(false);
    add([SPAN]);
    expect(has(SPAN)).toBe(true);
    const others = [{ organization: 'other' }, { trace: 2 }, { span: 2 }, { checksum: 2 }];
    expect(others.map((other) => has({ ...SPAN, ...other }))).toEqual([false, false, false, false]);
  });

  it('remembers at least so many of the newest, and at most twice as many', () => {
    const { has, add } = open(20);
    const spans = Array.from({ length: 200 }, (_, n) => ({ ...SPAN, span: n + 1 }));
    for (const [n, span] of spans.entries()) {
      add([span]);
      const known = spans.slice(0, n + 1).filter(has).length;
      expect(known).toBeGreaterThanOrEqual(Math.min(n + 1, 20));
      expect(known).toBeLessThan(40);
      expect(has(spans[Math.max(0, n - 19)] as Span)).toBe(true);
    }
  });

  it('remembers none where it may remember none', () => {
    const { has, add } = open(0);
    add([SPAN]);
    expect(has(SPAN)).toBe(false);
  });

  it('does not let a span that is given again push out others', () => {
    const { has, add } = open(3);
    add([SPAN]);
    for (let time = 0; time < 100; time++) add([{ ...SPAN, span: 2 }]);
    expect(has(SPAN)).toBe(true);
  });

  it.each([1, 2, 3, 7, 16])('answers as the slow version does, with a window of %i', (spansMax) => {
    const small = fc.record({ organization: fc.constantFrom('a', 'b'), trace: fc.nat(3), span: fc.nat(5), checksum: fc.nat(1) });
    let known = 0;
    fc.assert(
      fc.property(fc.array(fc.record({ add: fc.array(small, { maxLength: 5 }), other: small, asksLast: fc.boolean() }), { maxLength: 20 }), (steps) => {
        const [fast, slow] = [open(spansMax), new SlowRecentSpans(spansMax)];
        for (const { add, other, asksLast } of steps) {
          // Anything at all is hardly ever what a small window remembers.
          const ask = (asksLast ? add.at(-1) : undefined) ?? other;
          fast.add(add);
          slow.add(add);
          expect([ask, fast.has(ask)]).toEqual([ask, slow.has(ask)]);
          known += slow.has(ask) ? 1 : 0;
        }
      }),
    );
    expect(known).toBeGreaterThan(0);
  });

  it('tells apart ids of which only a part differs, however little is random in them', () => {
    const { has, add } = open(5000);
    // Every byte of either id on its own, and ids that repeat one word: what a table that folds them must not take for one another.
    const traces = [...Array.from({ length: 16 }, (_, byte) => 2 ** (byte * 8)), ...[1, 2, 3].map((n) => n * (2 ** 96 + 2 ** 64 + 2 ** 32 + 1))];
    const spans = traces.flatMap((trace) => [...Array.from({ length: 8 }, (_, byte) => ({ ...SPAN, trace, span: 2 ** (byte * 8) }))]);
    for (const span of spans) {
      expect([span, has(span)]).toEqual([span, false]);
      add([span]);
    }
    expect(spans.every(has)).toBe(true);
  });

  it('takes as much memory at the end as at the beginning', () => {
    // Two tables of twice as many places of 24 bytes as there are spans in a window, 1000: nothing is added to them but numbers in place.
    const fill = jest.spyOn(Uint32Array.prototype, 'fill');
    const { add } = open(1000);
    for (let round = 0; round < 10; round++) add(Array.from({ length: 1000 }, (_, n) => ({ ...SPAN, span: round * 1000 + n })));
    const sizes = (fill.mock.contexts as Uint32Array[]).map(({ byteLength }) => byteLength);
    fill.mockRestore();
    expect(sizes).toEqual(Array.from({ length: 10 }, () => 2000 * 24));
  });
});

describe('SpanKeys', () => {
  it('gathers keys of any number of spans, one after the other, and starts again', () => {
    const keys = new SpanKeys();
    for (const count of [2000, 0, 3]) {
      keys.reset();
      for (let n = 0; n < count; n++) {
        keys.next.fill(n);
        keys.push();
      }
      expect([...keys.toArray()]).toEqual(Array.from({ length: count }, (_, n) => Array.from({ length: 6 }, () => n)).flat());
    }
  });

  it('gives keys that later ones do not change', () => {
    const keys = new SpanKeys();
    keys.next.fill(1);
    keys.push();
    const first = keys.toArray();
    keys.reset();
    keys.next.fill(2);
    keys.push();
    expect([...first]).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
