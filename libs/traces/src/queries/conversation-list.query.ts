import type { ClickHouseQuery } from '#platform';

export interface ConversationListRow {
  conversation_id: string;
  customer_id: string;
  first_seen_at: string;
  last_seen_at: string;
  turns: string;
}

/** Conversations, latest activity first; or one of them by id. Prefix (organization_id[, conversation_id]) of conversations. */
export function conversationListQuery(input: { organizationId: string; conversationId?: string; limit: number; offset: number }): ClickHouseQuery {
  return {
    query: `
SELECT conversation_id, max(conversations.customer_id) AS customer_id, toString(min(conversations.first_seen_at)) AS first_seen_at,
       toString(max(conversations.last_seen_at)) AS last_seen_at, uniqExact(trace_id) AS turns
FROM conversations
WHERE organization_id = {organizationId: String}${input.conversationId === undefined ? '' : '\n  AND conversation_id = {conversationId: String}'}
GROUP BY conversation_id
ORDER BY max(conversations.last_seen_at) DESC, conversation_id
LIMIT {limit: UInt32} OFFSET {offset: UInt32}`,
    query_params: {
      organizationId: input.organizationId,
      ...(input.conversationId !== undefined && { conversationId: input.conversationId }),
      limit: input.limit,
      offset: input.offset,
    },
  };
}
