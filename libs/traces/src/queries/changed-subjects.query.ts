import type { ClickHouseQuery } from '#platform';

export interface ChangedSubjectRow {
  subject: string;
}

/** Traces of which spans or bodies were loaded since a moment of the store's clock. Prefix (organization_id, loaded_at) of both tables. */
export const CHANGED_TRACES = `SELECT trace_id
  FROM trace_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({sinceMs: Int64}, 'UTC')
  UNION ALL
  SELECT trace_id
  FROM content_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({sinceMs: Int64}, 'UTC')`;

/** The changed traces, and the others of their conversations. trace_index by (organization_id, trace_id), conversations by (organization_id, conversation_id). */
export const TOUCHED_TRACES = `SELECT trace_id
  FROM changed
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
        AND trace_id IN (SELECT trace_id FROM changed)
    )`;

interface ChangedSubjects {
  organizationId: string;
  subjects: readonly string[];
  since: Date;
}

const paramsOf = ({ organizationId, subjects, since }: ChangedSubjects) => ({ organizationId, subjects, sinceMs: since.getTime() });

/** Of these conversations, those of which something was loaded. Prefix (organization_id, conversation_id). */
export function changedErasedConversationsQuery(input: ChangedSubjects): ClickHouseQuery {
  return {
    query: `
WITH changed AS
(
  ${CHANGED_TRACES}
)
SELECT DISTINCT conversation_id AS subject
FROM conversations
WHERE organization_id = {organizationId: String}
  AND conversation_id IN {subjects: Array(String)}
  AND trace_id IN (SELECT trace_id FROM changed)
ORDER BY subject`,
    query_params: paramsOf(input),
  };
}

/** Of these end users, those of whose traces, or of the conversations of these, something was loaded. Bloom filter on trace_id of spans. */
export function changedErasedEndUsersQuery(input: ChangedSubjects): ClickHouseQuery {
  return {
    query: `
WITH changed AS
(
  ${CHANGED_TRACES}
),
touched AS
(
  ${TOUCHED_TRACES}
)
SELECT DISTINCT end_user_id AS subject
FROM spans
WHERE organization_id = {organizationId: String}
  AND end_user_id IN {subjects: Array(String)}
  AND trace_id IN (SELECT trace_id FROM touched)
ORDER BY subject`,
    query_params: paramsOf(input),
  };
}
