-- Outcomes that an additive contract bills beside the one of the episode, and what a not billable episode would have cost.
ALTER TABLE outcomes {on_cluster}
  ADD COLUMN IF NOT EXISTS addition LowCardinality(String) AFTER episode,
  ADD COLUMN IF NOT EXISTS listed_amount Nullable(Decimal(18, 6)) AFTER amount,
  MODIFY ORDER BY (organization_id, conversation_id, episode, addition);

-- Outcomes of customers: without tests and simulations, without episodes that a late turn joined to the one before, and without additions
-- that were taken back. Rows without an addition are the episodes.
CREATE OR REPLACE VIEW v_outcomes {on_cluster} AS
SELECT *
FROM outcomes FINAL
WHERE is_test_traffic = 0 AND reason != 'episode_merged' AND (addition = '' OR is_billable = 1);
