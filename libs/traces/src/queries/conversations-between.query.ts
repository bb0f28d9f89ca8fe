import type { ClickHouseQuery } from '#platform';

export interface ConversationBetweenRow {
  conversation_id: string;
}

/**
 * Conversations that can be with a customer and were active in [from, to), those that began first at the beginning: whoever reads them in
 * batches reads one stretch of time after the other. A conversation that no row names a customer for may have one on a span that does not
 * name the conversation. Prefix (organization_id) of conversations, which has one row for each turn.
 */
export function conversationsBetweenQuery(input: { organizationId: string; customerId: string; from: Date; to: Date }): ClickHouseQuery {
  return {
    query: `
SELECT conversation_id
FROM conversations
WHERE organization_id = {organizationId: String}
GROUP BY conversation_id
HAVING max(conversations.customer_id) IN ('', {customerId: String})
  AND max(conversations.last_seen_at) >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
  AND min(conversations.first_seen_at) < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
ORDER BY min(conversations.first_seen_at), conversation_id`,
    query_params: { organizationId: input.organizationId, customerId: input.customerId, fromMs: input.from.getTime(), toMs: input.to.getTime() },
  };
}
