-- What people say of decisions: which are up for review, what each labeller answered, and what was settled.

-- Once a decision is up for review it stays so.
CREATE TABLE review_items (
  organization_id  text NOT NULL REFERENCES organizations (id),
  decision_id      text NOT NULL REFERENCES outcome_decisions (id),
  added_at         timestamptz NOT NULL,
  -- Whose turn it is; NULL for everybody's.
  assigned_to      text,
  PRIMARY KEY (organization_id, decision_id)
);

-- Why it is; a decision that somebody picked may be drawn later, and only then counts for the sample.
CREATE TABLE review_reasons (
  organization_id  text NOT NULL,
  decision_id      text NOT NULL,
  why              text NOT NULL CHECK (why IN ('sampled', 'disputed', 'picked')),
  note             text NOT NULL,
  added_at         timestamptz NOT NULL,
  added_by         text NOT NULL,
  -- Of a sample: the month it was drawn from, by what seed, how large its stratum was then and how much of that was drawn.
  period           text CHECK (period ~ '^\d{4}-\d{2}$'),
  seed             text,
  stratum_size     integer CHECK (stratum_size > 0),
  stratum_drawn    integer CHECK (stratum_drawn BETWEEN 1 AND stratum_size),
  PRIMARY KEY (organization_id, decision_id, why),
  FOREIGN KEY (organization_id, decision_id) REFERENCES review_items (organization_id, decision_id),
  CHECK (CASE WHEN why = 'sampled' THEN num_nulls(period, seed, stratum_size, stratum_drawn) = 0 ELSE num_nonnulls(period, seed, stratum_size, stratum_drawn) = 0 END)
);
CREATE TRIGGER review_reasons_append_only BEFORE UPDATE OR DELETE ON review_reasons FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A later label of the same labeller supersedes the earlier; without an answer it takes it back.
CREATE TABLE labels (
  sequence         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id  text NOT NULL,
  decision_id      text NOT NULL,
  question         text NOT NULL,
  answer           text,
  labeller         text NOT NULL CHECK (labeller <> ''),
  key_id           text NOT NULL,
  note             text NOT NULL,
  -- Given when the labels of others could be seen: says what the labeller thinks now, and nothing about agreement.
  saw_others       boolean NOT NULL,
  labelled_at      timestamptz NOT NULL,
  FOREIGN KEY (organization_id, decision_id) REFERENCES review_items (organization_id, decision_id)
);
CREATE INDEX labels_by_decision ON labels (organization_id, decision_id);
CREATE TRIGGER labels_append_only BEFORE UPDATE OR DELETE ON labels FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The last one is the final answer.
CREATE TABLE adjudications (
  sequence         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id  text NOT NULL,
  decision_id      text NOT NULL,
  question         text NOT NULL,
  answer           text NOT NULL,
  reason           text NOT NULL CHECK (reason <> ''),
  adjudicator      text NOT NULL CHECK (adjudicator <> ''),
  key_id           text NOT NULL,
  adjudicated_at   timestamptz NOT NULL,
  FOREIGN KEY (organization_id, decision_id) REFERENCES review_items (organization_id, decision_id)
);
CREATE INDEX adjudications_by_decision ON adjudications (organization_id, decision_id);
CREATE TRIGGER adjudications_append_only BEFORE UPDATE OR DELETE ON adjudications FOR EACH ROW EXECUTE FUNCTION refuse_change();
