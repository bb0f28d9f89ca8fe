import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { layOutWaterfall, speculationOf } from './waterfall.js';
import { spanRow } from './span-row.fixture.js';

describe('layOutWaterfall', () => {
  it('puts every span on the scale of the turn, parents first and siblings by start', () => {
    const { rows, durationNs, startedAtNs } = layOutWaterfall([
      spanRow('phrase', 'reply', 1600, 2000),
      spanRow('lookup', 'reply', 1100, 1600),
      spanRow('reply', '', 1000, 2000),
      spanRow('embed', 'lookup', 1100, 1225),
    ]);
    expect(rows.map(({ span, depth, offsetPercent, widthPercent }) => [span.name, depth, offsetPercent, widthPercent])).toEqual([
      ['reply', 0, 0, 100],
      ['lookup', 1, 10, 50],
      ['embed', 2, 10, 12.5],
      ['phrase', 1, 60, 40],
    ]);
    expect([startedAtNs, durationNs]).toEqual([1_000_000_000n, 1_000_000_000n]);
  });

  it('keeps a bar that is too short to be seen visible, and inside', () => {
    const { rows } = layOutWaterfall([spanRow('reply', '', 0, 1000), spanRow('last', 'reply', 1000, 1000)]);
    expect(rows[1]).toMatchObject({ offsetPercent: 99.4, widthPercent: 0.6, durationNs: 0n });
  });

  it('takes a span whose parent is not here as a root, and shows the spans of a ring once each', () => {
    const { rows } = layOutWaterfall([spanRow('orphan', 'elsewhere', 5, 6), spanRow('a', 'b', 1, 2), spanRow('b', 'a', 2, 3)]);
    expect(rows.map(({ span, depth }) => [span.name, depth])).toEqual([
      ['orphan', 0],
      ['a', 0],
      ['b', 1],
    ]);
  });

  it('tells spans of two traces with the same id apart', () => {
    const { rows } = layOutWaterfall([spanRow('s', '', 0, 1), spanRow('s', '', 1, 2, { trace_id: 't2' }), spanRow('child', 's', 1, 2, { trace_id: 't2' })]);
    expect(rows.map(({ span, depth }) => [span.trace_id, span.name, depth])).toEqual([
      ['t1', 's', 0],
      ['t2', 's', 0],
      ['t2', 'child', 1],
    ]);
  });

  it('marks round times', () => {
    const ticks = (ms: number) => layOutWaterfall([spanRow('reply', '', 0, ms)]).ticks.map(({ atNs, atPercent }) => [Number(atNs) / 1e6, atPercent]);
    expect(ticks(1000)).toEqual([[0, 0], [500, 50], [1000, 100]]);
    expect(ticks(1240)).toEqual([[0, 0], [500, 40.32], [1000, 80.64]]);
    expect(ticks(0)).toEqual([]);
  });

  it('has nothing to show for no span', () => {
    expect(layOutWaterfall([])).toEqual({ rows: [], startedAtNs: 0n, durationNs: 0n, ticks: [] });
  });

  it('shows every span once and inside the scale, whatever is sent', () => {
    const id = fc.constantFrom('', 'a', 'b', 'c', 'd', 'e');
    const span = fc.record({ parent: id, start: fc.integer({ min: 0, max: 50 }), length: fc.integer({ min: -5, max: 50 }) });
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 5 }), (spans) => {
        const sent = spans.map(({ parent, start, length }, index) => spanRow('abcde'[index] ?? '', parent, start, Math.max(0, start + length)));
        const { rows, ticks } = layOutWaterfall(sent);
        expect(rows.map((row) => row.span.span_id).sort()).toEqual(sent.map((row) => row.span_id).sort());
        for (const { offsetPercent, widthPercent } of rows) {
          expect(offsetPercent).toBeGreaterThanOrEqual(0);
          expect(widthPercent).toBeGreaterThan(0);
          expect(offsetPercent + widthPercent).toBeLessThanOrEqual(100);
        }
        expect(ticks.length).toBeLessThanOrEqual(6);
        for (const { atPercent } of ticks) expect(atPercent).toBeLessThanOrEqual(100);
      }),
      { numRuns: 500 },
    );
  });
});

describe('speculationOf', () => {
  it.each([
    [0, null, 'none'],
    [0, 0, 'none'],
    [1, 1, 'used'],
    [1, 0, 'wasted'],
    [1, null, 'not_told'],
  ] as const)('speculative %s, used %s: %s', (is_speculative, is_used, expected) => {
    expect(speculationOf({ is_speculative, is_used })).toBe(expected);
  });
});
