SELECT
  lower(hex(found.trace_id)) AS trace_id,
  lower(hex(found.span_id)) AS span_id,
  toUnixTimestamp64Nano(found.started_at) AS said_at_ns,
  found.name AS name,
  found.value AS value,
  found.redactions AS redactions,
  found.bytes_cut AS bytes_cut
FROM
(
  SELECT *
  FROM span_contents
  WHERE span_contents.organization_id = {organizationId: String}
    AND span_contents.trace_id IN
    (
      SELECT trace_id
      FROM conversations
      WHERE organization_id = {organizationId: String}
        AND conversation_id = {conversationId: String}
    )
  ORDER BY span_contents.ingested_at DESC
  LIMIT 1 BY span_contents.organization_id, span_contents.trace_id, span_contents.span_id, span_contents.name
) AS found
ORDER BY said_at_ns, trace_id, span_id, name
LIMIT {limit: UInt32}
