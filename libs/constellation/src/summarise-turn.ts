import { formatDecimal, parseDecimal } from '#platform';
import type { ConversationSpanRow } from '#traces';

/** What calls cost: the known part in USD as a decimal string, and how many calls are not in it. */
export interface Cost {
  knownUsd: string;
  unknownCalls: number;
}

export interface TaskTotals {
  /** Empty where the sender named none. */
  task: string;
  calls: number;
  failedCalls: number;
  /** Sum of the calls' durations. */
  timeMs: number;
  cost: Cost;
}

/** One turn of a conversation as a constellation of model calls. */
export interface TurnSummary {
  traceId: string;
  startedAtMs: number;
  /** From the first span's start to the last span's end. */
  durationMs: number;
  modelCalls: number;
  /** Time during which at least one model call ran. */
  busyMs: number;
  /** Model calls that ran at the same time, on average over the busy time; 0 without calls. */
  parallelism: number;
  cost: Cost;
  /** Dearest first by known cost, then by name. */
  tasks: TaskTotals[];
  speculation: { calls: number; usedCalls: number; wastedCalls: number; undecidedCalls: number; wastedCost: Cost };
}

const USD_SCALE = 12;

/** Sums up the spans of one trace. Pure; spans in any order. @throws RangeError without spans */
export function summariseTurn(spans: readonly ConversationSpanRow[]): TurnSummary {
  const [first] = spans;
  if (!first) throw new RangeError('summariseTurn: a turn has at least one span');
  const calls = spans.filter((span) => span.is_charged === 1);
  const startNs = spans.map((span) => BigInt(span.started_at_ns)).reduce((a, b) => (b < a ? b : a));
  const endNs = spans.map((span) => BigInt(span.ended_at_ns)).reduce((a, b) => (b > a ? b : a));
  const busyMs = busyTimeMs(calls);
  const callTimeMs = calls.reduce((sum, call) => sum + durationMs(call), 0);
  const speculative = calls.filter((call) => call.is_speculative === 1);
  const wasted = speculative.filter((call) => call.is_used === 0);
  return {
    traceId: first.trace_id,
    startedAtMs: Number(startNs / 1_000_000n),
    durationMs: Number(endNs - startNs) / 1e6,
    modelCalls: calls.length,
    busyMs,
    parallelism: busyMs === 0 ? 0 : callTimeMs / busyMs,
    cost: costOf(calls),
    tasks: tasksOf(calls),
    speculation: {
      calls: speculative.length,
      usedCalls: speculative.filter((call) => call.is_used === 1).length,
      wastedCalls: wasted.length,
      undecidedCalls: speculative.filter((call) => call.is_used === null).length,
      wastedCost: costOf(wasted),
    },
  };
}

/** Length of the union of the calls' intervals. */
function busyTimeMs(calls: readonly ConversationSpanRow[]): number {
  const intervals = calls.map((call) => [BigInt(call.started_at_ns), BigInt(call.ended_at_ns)] as const).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  let busyNs = 0n;
  let coveredThroughNs = 0n;
  for (const [startNs, endNs] of intervals) {
    const from = startNs > coveredThroughNs ? startNs : coveredThroughNs;
    if (endNs > from) busyNs += endNs - from;
    if (endNs > coveredThroughNs) coveredThroughNs = endNs;
  }
  return Number(busyNs) / 1e6;
}

function tasksOf(calls: readonly ConversationSpanRow[]): TaskTotals[] {
  const byTask = Map.groupBy(calls, (call) => call.task);
  const totals = [...byTask].map(([task, ofTask]) => ({
    task,
    calls: ofTask.length,
    failedCalls: ofTask.filter((call) => call.status === 'error').length,
    timeMs: ofTask.reduce((sum, call) => sum + durationMs(call), 0),
    cost: costOf(ofTask),
  }));
  const known = ({ cost }: TaskTotals) => parseDecimal(cost.knownUsd, USD_SCALE);
  return totals.sort((a, b) => (known(a) === known(b) ? (a.task < b.task ? -1 : 1) : known(a) > known(b) ? -1 : 1));
}

function costOf(calls: readonly ConversationSpanRow[]): Cost {
  const known = calls.flatMap((call) => (call.cost_usd === null ? [] : [parseDecimal(call.cost_usd, USD_SCALE)]));
  return { knownUsd: formatDecimal(known.reduce((sum, cost) => sum + cost, 0n), USD_SCALE), unknownCalls: calls.length - known.length };
}

function durationMs(call: ConversationSpanRow): number {
  return Number(BigInt(call.ended_at_ns) - BigInt(call.started_at_ns)) / 1e6;
}
