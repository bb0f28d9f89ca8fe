import type { TracePlaceRow } from './queries/trace-places.query.js';

/** Where a trace is found. */
export interface TracePlace {
  traceId: string;
  /** In which spans of it began; Unix seconds. */
  hours: readonly number[];
}

/** The traces of each conversation: those that anything of them says belong to it. */
export type TracesOf = ReadonlyMap<string, readonly TracePlace[]>;

/** From what the index knows: a trace that names several conversations is given to each of them. */
export function tracesByConversation(rows: readonly TracePlaceRow[]): TracesOf {
  const byConversation = new Map<string, TracePlace[]>();
  for (const [traceId, ofTrace] of Map.groupBy(rows, (row) => row.trace_id)) {
    const place = { traceId, hours: [...new Set(ofTrace.map(({ hour }) => hour))] };
    for (const id of new Set(ofTrace.map((row) => row.conversation_id))) {
      const places = byConversation.get(id);
      if (places) places.push(place);
      else byConversation.set(id, [place]);
    }
  }
  return byConversation;
}
