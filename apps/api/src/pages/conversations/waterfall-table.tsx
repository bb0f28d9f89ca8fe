import type { ComponentChildren } from 'preact';
import type { ConversationSpanRow } from '#traces';
import { evidenceAnchor } from '../components/addresses.js';
import { formatCount, formatDuration, formatTick } from '../components/figures.js';
import { Cost } from '../components/money.js';
import { inWords } from '../components/words.js';
import type { Speculation, Waterfall, WaterfallRow } from './waterfall.js';

/** Above this a turn is no longer read span by span. */
const ROWS_MAX = 300;
const INDENT_MAX = 8;

const SPECULATION_WORDS: Record<Exclude<Speculation, 'none'>, string> = {
  used: 'speculative, used',
  wasted: 'speculative, wasted',
  not_told: 'speculative, use not told',
};

/** The hatchings of bars, once for each page. Zero-sized and not hidden: a pattern in what is not rendered is not painted. */
export function WaterfallPatterns() {
  return (
    <svg class="patterns" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" class="hatch-ground" />
          <line x1="0" y1="0" x2="0" y2="6" class="hatch-line" />
        </pattern>
        <pattern id="cross-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" class="waste-ground" />
          <path d="M0 0V6M0 0H6" class="waste-line" />
        </pattern>
      </defs>
    </svg>
  );
}

export function WaterfallLegend() {
  const samples = [
    ['bar call', 'model call'],
    ['bar other', 'tool, retrieval or other step'],
    ['bar speculative', 'speculative'],
    ['bar wasted', 'speculative and wasted'],
    ['bar error', 'error'],
  ] as const;
  return (
    <ul class="legend" aria-label="What the bars mean">
      {samples.map(([style, text]) => (
        <li>
          <svg width="28" height="12" aria-hidden="true">
            <rect width="28" height="12" rx="2" class={style} />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}

export function WaterfallTable({ caption, waterfall }: { caption: string; waterfall: Waterfall }) {
  const rows = waterfall.rows.slice(0, ROWS_MAX);
  return (
    <>
      <table role="table" class="waterfall">
        <caption>{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">Span</th>
            <th role="columnheader" scope="col" class="time"><span class="hidden">Time, from the start of the turn</span><Axis waterfall={waterfall} /></th>
            <th role="columnheader" scope="col" class="number">Took</th>
            <th role="columnheader" scope="col" class="number">Tokens in</th>
            <th role="columnheader" scope="col" class="number">Tokens out</th>
            <th role="columnheader" scope="col" class="number">Cost</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <SpanRow row={row} ticks={waterfall.ticks} />
          ))}
        </tbody>
      </table>
      {waterfall.rows.length > ROWS_MAX && <p class="note">{formatCount(waterfall.rows.length - ROWS_MAX)} more spans of this turn are not shown.</p>}
    </>
  );
}

function SpanRow({ row, ticks }: { row: WaterfallRow; ticks: Waterfall['ticks'] }) {
  const { span, depth, durationNs } = row;
  return (
    <tr role="row" id={evidenceAnchor({ kind: 'span', traceId: span.trace_id, id: span.span_id })}>
      <th role="rowheader" scope="row" class={`span depth-${Math.min(depth, INDENT_MAX)}`}>
        <span class="span-name">{span.name}</span>
        <SpanNotes row={row} />
      </th>
      <td role="cell" class="time">
        <Bar row={row} ticks={ticks} />
      </td>
      <td role="cell" class="number" data-label="Took">{formatDuration(durationNs)}</td>
      <Figure label="Tokens in" figure={tokens(span.tokens_input, span.tokens_cache_read, span.tokens_cache_write)} />
      <Figure label="Tokens out" figure={tokens(span.tokens_output, span.tokens_reasoning)} />
      <Figure label="Cost" figure={costOf(span)} />
    </tr>
  );
}

function SpanNotes({ row: { span, speculation, isError } }: { row: WaterfallRow }) {
  const described = [span.task && `task ${span.task}`, span.model, span.tool && `tool ${span.tool}`, span.variant && `variant ${span.variant}`].filter((text) => text !== '');
  return (
    <>
      {described.length > 0 && <span class="span-note">{described.join(' · ')}</span>}
      {speculation !== 'none' && <span class={`mark ${speculation}`}>{SPECULATION_WORDS[speculation]}</span>}
      {isError && <span class="mark failed">error{span.status_message && `: ${span.status_message}`}</span>}
    </>
  );
}

function Bar({ row, ticks }: { row: WaterfallRow; ticks: Waterfall['ticks'] }) {
  return (
    <svg class="lane" width="100%" height="16" aria-hidden="true">
      {ticks.map(({ atPercent }) => (
        <line x1={`${atPercent}%`} x2={`${atPercent}%`} y1="0" y2="16" class="tick" />
      ))}
      <rect x={`${row.offsetPercent}%`} width={`${row.widthPercent}%`} y="2" height="12" rx="2" class={`bar ${barStyle(row)}`} />
    </svg>
  );
}

function Axis({ waterfall: { ticks } }: { waterfall: Waterfall }) {
  return (
    <svg class="axis" width="100%" height="16" aria-hidden="true">
      {ticks.map(({ atPercent, atNs }) => (
        <text x={`${atPercent}%`} y="12" text-anchor={atPercent < 5 ? 'start' : atPercent > 92 ? 'end' : 'middle'}>
          {formatTick(atNs)}
        </text>
      ))}
    </svg>
  );
}

function barStyle({ span, speculation, isError }: WaterfallRow): string {
  if (isError) return 'error';
  if (speculation === 'wasted') return 'wasted';
  if (speculation !== 'none') return 'speculative';
  return span.charge === 'leaf' ? 'call' : 'other';
}

/** A cell that a narrow page leaves out where there is nothing to say. */
function Figure({ label, figure }: { label: string; figure: ComponentChildren }) {
  return (
    <td role="cell" class={figure === null ? 'number nothing' : 'number'} data-label={label}>
      {figure ?? '–'}
    </td>
  );
}

function costOf(span: ConversationSpanRow): ComponentChildren {
  const CALL_DIGITS = 6;
  if (span.is_charged === 0) return null;
  if (span.cost_usd !== null) return <Cost usd={span.cost_usd} unknownCalls={0} digits={CALL_DIGITS} />;
  return <span class="unknown">unknown{span.cost_unknown_reason && `: ${inWords(span.cost_unknown_reason)}`}</span>;
}

/** Buckets are disjoint: their sum is what was used. Without any of them nothing is known. */
function tokens(...buckets: readonly (string | null)[]): string | null {
  const known = buckets.filter((bucket) => bucket !== null);
  return known.length === 0 ? null : formatCount(known.reduce((sum, bucket) => sum + BigInt(bucket), 0n));
}
