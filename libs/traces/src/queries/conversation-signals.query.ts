import type { ClickHouseQuery } from '#platform';
import type { TracePlace } from '../trace-place.js';

export type SignalKind = 'signal' | 'handoff' | 'end' | 'verdict' | 'exposure';

/** One signal as the store gives it. */
export interface StoredSignalRow {
  /** What the signal itself names; '' where only its trace does. */
  own_conversation_id: string;
  signal_id: string;
  /** '' for a log record without one. */
  trace_id: string;
  at_ns: string;
  kind: SignalKind;
  name: string;
  source: string;
  value: string;
  attributes: Record<string, string>;
}

/** One signal of a conversation. */
export interface ConversationSignalRow extends StoredSignalRow {
  conversation_id: string;
}

/**
 * What was observed in the given traces, and what names the given conversations and no trace; once each, oldest first. By the prefix of the
 * order of signals: (organization_id, subject).
 */
export function conversationSignalsQuery(input: { organizationId: string; conversationIds: readonly string[]; places: readonly TracePlace[] }): ClickHouseQuery {
  return {
    query: `
WITH found AS
(
  SELECT *
  FROM signals
  WHERE signals.organization_id = {organizationId: String}
    AND signals.subject IN
    (
      SELECT toFixedString(unhex(arrayJoin({traceIds: Array(String)})), 16)
      UNION ALL
      SELECT sipHash128Reference(arrayJoin({conversationIds: Array(String)}))
    )
  ORDER BY signals.ingested_at DESC
  LIMIT 1 BY signals.organization_id, signals.trace_id, signals.signal_id
)
SELECT
  found.conversation_id AS own_conversation_id,
  found.signal_id AS signal_id,
  if(found.trace_id = toFixedString('', 16), '', lower(hex(found.trace_id))) AS trace_id,
  toUnixTimestamp64Nano(found.at) AS at_ns,
  found.kind AS kind,
  found.name AS name,
  found.source AS source,
  found.value AS value,
  found.attributes AS attributes
FROM found
ORDER BY at_ns, signal_id`,
    query_params: { organizationId: input.organizationId, conversationIds: input.conversationIds, traceIds: input.places.map(({ traceId }) => traceId) },
  };
}
