SELECT conversation_id
FROM conversations
WHERE organization_id = {organizationId: String}
GROUP BY conversation_id
HAVING max(conversations.customer_id) IN ('', {customerId: String})
  AND max(conversations.last_seen_at) >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
  AND min(conversations.first_seen_at) < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
ORDER BY min(conversations.first_seen_at), conversation_id
