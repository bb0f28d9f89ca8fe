-- What contracts say since they have more than one price: outcomes beside one another, free ones, and how long a decision may be revised.

ALTER TABLE outcome_decisions
  -- Empty for the decision about the episode; else the outcome that an additive contract bills beside it.
  ADD COLUMN addition            text NOT NULL DEFAULT '',
  -- Units of the outcome's price, in millionths.
  ADD COLUMN quantity_micros     bigint NOT NULL DEFAULT 1000000 CHECK (quantity_micros > 0),
  -- What a not billable episode would have been, and cost, but for what stood against it.
  ADD COLUMN listed_outcome      text,
  ADD COLUMN listed_grade        text CHECK (listed_grade IN ('customer_confirmed', 'system_verified', 'judged', 'inferred')),
  ADD COLUMN listed_amount_micros bigint,
  ADD COLUMN final_at            timestamptz,
  ADD CHECK ((listed_outcome IS NULL) = (listed_amount_micros IS NULL) AND (listed_outcome IS NULL) = (listed_grade IS NULL)),
  ADD CHECK (NOT (is_billable AND listed_outcome IS NOT NULL));

ALTER TABLE outcome_decisions DROP CONSTRAINT outcome_decisions_organization_id_conversation_id_episode_r_key;
ALTER TABLE outcome_decisions ADD CONSTRAINT outcome_decisions_by_episode UNIQUE (organization_id, conversation_id, episode, addition, revision);

-- A version that begins later stands beside the one that goes on until then.
DROP INDEX contracts_one_active;

-- A conversation that goes on and on is looked at all the same.
ALTER TABLE pending_conversations ADD COLUMN waiting_since timestamptz;
UPDATE pending_conversations SET waiting_since = last_activity_at;
ALTER TABLE pending_conversations ALTER COLUMN waiting_since SET NOT NULL;
