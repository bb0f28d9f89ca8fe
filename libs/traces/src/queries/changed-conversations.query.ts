import type { ClickHouseQuery } from '#platform';

export interface ChangedConversationRow {
  conversation_id: string;
  last_activity_at: string;
}

/**
 * Conversations of which something was loaded in [from, to), with the latest activity of the whole conversation: those that it names, and all
 * that anything else of the same trace names, because a trace may belong to another one from now on.
 *
 * Each by the prefix of its order: trace_changes (organization_id, loaded_at), trace_index (organization_id, trace_id), conversations
 * (organization_id, conversation_id). Two halves and no OR, which would use neither.
 */
export function changedConversationsQuery(input: { organizationId: string; from: Date; to: Date }): ClickHouseQuery {
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
SELECT conversation_id, toString(max(conversations.last_seen_at)) AS last_activity_at
FROM conversations
WHERE organization_id = {organizationId: String}
  AND conversation_id IN
  (
    SELECT known_conversation_id
    FROM changes
    WHERE known_conversation_id != ''
    UNION ALL
    SELECT conversation_id
    FROM trace_index
    WHERE organization_id = {organizationId: String}
      AND trace_id IN (SELECT trace_id FROM changes WHERE trace_id != toFixedString('', 16))
      AND conversation_id != ''
  )
GROUP BY conversation_id
ORDER BY conversation_id`,
    query_params: { organizationId: input.organizationId, fromMs: input.from.getTime(), toMs: input.to.getTime() },
  };
}
