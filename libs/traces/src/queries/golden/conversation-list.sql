SELECT conversation_id, max(conversations.customer_id) AS customer_id, toString(min(conversations.first_seen_at)) AS first_seen_at,
       toString(max(conversations.last_seen_at)) AS last_seen_at, uniqExact(trace_id) AS turns
FROM conversations
WHERE organization_id = {organizationId: String}
GROUP BY conversation_id
ORDER BY max(conversations.last_seen_at) DESC, conversation_id
LIMIT {limit: UInt32} OFFSET {offset: UInt32}
