import type { ClickHouseQuery } from '#platform';

/** What the index knows of a trace: a conversation that something of it names, '' for none, and an hour in which a span of it began. */
export interface TracePlaceRow {
  trace_id: string;
  conversation_id: string;
  /** Unix seconds. */
  hour: number;
}

/**
 * Where the traces of the given conversations are. Both tables by the prefix of their order: conversations (organization_id, conversation_id),
 * trace_index (organization_id, trace_id). Ids are spread over all of it, so that a look takes about as long for a few thousand
 * conversations as for ten times as many.
 * The ids come as a subquery: as a list in the expression they are copied for every granule, which for tens of thousands takes minutes.
 */
export function tracePlacesQuery(input: { organizationId: string; conversationIds: readonly string[] }): ClickHouseQuery {
  return {
    query: `
SELECT DISTINCT
  lower(hex(trace_index.trace_id)) AS trace_id,
  trace_index.conversation_id AS conversation_id,
  toUnixTimestamp(trace_index.hour) AS hour
FROM trace_index
WHERE trace_index.organization_id = {organizationId: String}
  AND trace_index.trace_id IN
  (
    SELECT conversations.trace_id
    FROM conversations
    WHERE organization_id = {organizationId: String}
      AND conversation_id IN (SELECT arrayJoin({conversationIds: Array(String)}))
  )`,
    query_params: { organizationId: input.organizationId, conversationIds: input.conversationIds },
  };
}
