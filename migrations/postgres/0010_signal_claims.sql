-- Which signal stands under an id that came over REST: the first that was sent with it. `signal` is that signal as JSON, whole: whoever sends
-- the id again has this one written again and not what came with it, so that a receiver that died before it had written it loses nothing.
-- Text and not jsonb, which cannot hold every character that JSON can.
CREATE TABLE signal_claims (
  organization_id  text NOT NULL REFERENCES organizations (id),
  id               text NOT NULL,
  signal           text NOT NULL,
  claimed_at       timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
