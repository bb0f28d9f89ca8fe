import type { ClickHouseQuery } from '#platform';

export interface ChangedConversationRow {
  conversation_id: string;
  last_activity_at: string;
}

/**
 * Conversations of which something was loaded in [from, to), with the latest activity of the whole conversation. A trace whose
 * conversation stands only on a span that came in another load is found by its id.
 *
 * trace_changes: prefix (organization_id, loaded_at). conversations: prefix (organization_id, conversation_id), and the bloom filter on
 * trace_id for the second half of `changed`. Two halves and no OR, which would use neither index.
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
    FROM conversations
    WHERE organization_id = {organizationId: String}
      AND trace_id IN (SELECT trace_id FROM changes GROUP BY trace_id HAVING max(known_conversation_id) = '')
  )
GROUP BY conversation_id
ORDER BY conversation_id`,
    query_params: { organizationId: input.organizationId, fromMs: input.from.getTime(), toMs: input.to.getTime() },
  };
}
