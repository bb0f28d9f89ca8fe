import type { ClickHouseQuery } from '#platform';

export interface ConversationBetweenRow {
  conversation_id: string;
}

/**
 * Conversations with a customer that were active in [from, to), those that began first at the beginning: whoever reads them in batches reads
 * one stretch of time after the other. Prefix (organization_id) of conversations, which has one row for each turn.
 */
export function conversationsBetweenQuery(input: { organizationId: string; customerId: string; from: Date; to: Date }): ClickHouseQuery {
  return {
    query: `
SELECT conversation_id
FROM conversations
WHERE organization_id = {organizationId: String}
GROUP BY conversation_id
HAVING max(conversations.customer_id) = {customerId: String}
  AND max(conversations.last_seen_at) >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
  AND min(conversations.first_seen_at) < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
ORDER BY min(conversations.first_seen_at), conversation_id`,
    query_params: { organizationId: input.organizationId, customerId: input.customerId, fromMs: input.from.getTime(), toMs: input.to.getTime() },
  };
}
