import type { ClickHouseQuery } from '#platform';

export type SignalKind = 'signal' | 'handoff' | 'end' | 'verdict' | 'exposure';

export interface ConversationSignalRow {
  conversation_id: string;
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

/**
 * What was observed in the given conversations, once each, oldest first: in their traces, and what names the conversation and no trace. Both
 * tables by the prefix of their order: conversations (organization_id, conversation_id), signals (organization_id, subject).
 */
export function conversationSignalsQuery(input: { organizationId: string; conversationIds: readonly string[] }): ClickHouseQuery {
  return {
    query: `
WITH traces AS
(
  SELECT trace_id, max(conversations.conversation_id) AS conversation_id
  FROM conversations
  WHERE organization_id = {organizationId: String}
    AND conversations.conversation_id IN {conversationIds: Array(String)}
  GROUP BY trace_id
),
found AS
(
  SELECT *
  FROM signals
  WHERE signals.organization_id = {organizationId: String}
    AND signals.subject IN
    (
      SELECT trace_id FROM traces
      UNION ALL
      SELECT sipHash128Reference(arrayJoin({conversationIds: Array(String)}))
    )
  ORDER BY signals.ingested_at DESC
  LIMIT 1 BY signals.organization_id, signals.trace_id, signals.signal_id
)
SELECT
  if(traces.conversation_id != '', traces.conversation_id, found.conversation_id) AS conversation_id,
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
LEFT JOIN traces ON found.trace_id = traces.trace_id
ORDER BY conversation_id, at_ns, signal_id`,
    query_params: { organizationId: input.organizationId, conversationIds: input.conversationIds },
  };
}
