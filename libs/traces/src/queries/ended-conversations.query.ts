import type { ClickHouseQuery } from '#platform';

export interface EndedConversationRow {
  conversation_id: string;
}

/**
 * Conversations of which a trace that was loaded in [from, to), or a log record without a trace, says that they are over. trace_changes by
 * (organization_id, loaded_at), signals by (organization_id, subject), trace_index by (organization_id, trace_id).
 */
export function endedConversationsQuery(input: { organizationId: string; from: Date; to: Date }): ClickHouseQuery {
  return {
    query: `
WITH changes AS
(
  SELECT trace_id, trace_changes.conversation_id AS known_conversation_id
  FROM trace_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
    AND loaded_at < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
)
SELECT DISTINCT conversation_id
FROM
(
  SELECT conversation_id
  FROM trace_index
  WHERE organization_id = {organizationId: String}
    AND conversation_id != ''
    AND trace_id IN
    (
      SELECT trace_id
      FROM signals
      WHERE organization_id = {organizationId: String}
        AND kind = 'end'
        AND subject IN (SELECT trace_id FROM changes WHERE trace_id != toFixedString('', 16))
    )
  UNION ALL
  SELECT conversation_id
  FROM signals
  WHERE organization_id = {organizationId: String}
    AND subject IN (SELECT sipHash128Reference(known_conversation_id) FROM changes WHERE trace_id = toFixedString('', 16))
    AND trace_id = toFixedString('', 16)
    AND kind = 'end'
)
ORDER BY conversation_id`,
    query_params: { organizationId: input.organizationId, fromMs: input.from.getTime(), toMs: input.to.getTime() },
  };
}
