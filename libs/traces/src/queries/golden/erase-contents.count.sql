SELECT count() AS bodies
FROM span_contents
WHERE organization_id = {organizationId: String}
  AND trace_id IN (SELECT unhex(arrayJoin({traceIds: Array(String)})))
  AND (started_at <= fromUnixTimestamp64Milli({untilMs: Int64}, 'UTC') OR ingested_at <= fromUnixTimestamp64Milli({untilMs: Int64}, 'UTC'))
