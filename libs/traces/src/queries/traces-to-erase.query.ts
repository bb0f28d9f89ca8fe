import type { ClickHouseQuery } from '#platform';
import { CHANGED_TRACES, TOUCHED_TRACES } from './changed-subjects.query.js';

export interface TraceToEraseRow {
  /** 32 hex digits. */
  trace_id: string;
}

/** The traces of one conversation. Prefix (organization_id, conversation_id) of conversations. */
export function conversationTracesQuery(input: { organizationId: string; conversationId: string }): ClickHouseQuery {
  return {
    query: `
SELECT DISTINCT lower(hex(trace_id)) AS trace_id
FROM conversations
WHERE organization_id = {organizationId: String}
  AND conversation_id = {conversationId: String}
ORDER BY trace_id`,
    query_params: input,
  };
}

/**
 * The traces in which an end user is named, and the other traces of the same conversations: a user's id often stands on the root only, and
 * not in every turn. Reads the organization's spans (prefix organization_id): erasures are rare, and none may be missed. What is carried out
 * again looks by the bloom filter on trace_id among the traces that changed since, and the conversations of these.
 */
export function endUserTracesQuery(input: { organizationId: string; endUserId: string; changedSince?: Date }): ClickHouseQuery {
  const { organizationId, endUserId, changedSince } = input;
  return {
    query: `
WITH ${changedSince === undefined ? '' : TOUCHED}named AS
(
  SELECT trace_id
  FROM spans
  WHERE organization_id = {organizationId: String}
    AND end_user_id = {endUserId: String}${changedSince === undefined ? '' : '\n    AND trace_id IN (SELECT trace_id FROM touched)'}
)
SELECT DISTINCT lower(hex(found.trace_id)) AS trace_id
FROM
(
  SELECT trace_id
  FROM named
  UNION ALL
  SELECT trace_id
  FROM conversations
  WHERE organization_id = {organizationId: String}
    AND conversation_id IN
    (
      SELECT conversation_id
      FROM trace_index
      WHERE organization_id = {organizationId: String}
        AND conversation_id != ''
        AND trace_id IN (SELECT trace_id FROM named)
    )
) AS found
ORDER BY trace_id`,
    query_params: { organizationId, endUserId, ...(changedSince !== undefined && { sinceMs: changedSince.getTime() }) },
  };
}

const TOUCHED = `changed AS
(
  ${CHANGED_TRACES}
),
touched AS
(
  ${TOUCHED_TRACES}
),
`;
