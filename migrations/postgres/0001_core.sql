-- Owners of data, who may call, and what the money functions hang on.

CREATE TABLE organizations (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  created_at  timestamptz NOT NULL
);

-- The key itself is shown once and never stored: 256 random bits need no slow hash.
CREATE TABLE api_keys (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  name             text NOT NULL,
  scopes           text[] NOT NULL,
  secret_sha256    text NOT NULL UNIQUE,
  created_at       timestamptz NOT NULL,
  revoked_at       timestamptz
);

CREATE TABLE customers (
  organization_id  text NOT NULL REFERENCES organizations (id),
  id               text NOT NULL,
  name             text NOT NULL,
  created_at       timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);

-- Dated prices that an organization sets over the bundled catalogue. Never edited: a correction is a new row.
CREATE TABLE model_prices (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  provider         text NOT NULL,
  model            text NOT NULL,
  effective_from   timestamptz NOT NULL,
  prices           jsonb NOT NULL,
  created_at       timestamptz NOT NULL,
  UNIQUE (organization_id, provider, model, effective_from, created_at)
);

-- One holder at a time runs a job; a holder that died is followed when its lease has run out.
CREATE TABLE job_leases (
  name        text PRIMARY KEY,
  holder      text NOT NULL,
  expires_at  timestamptz NOT NULL
);

-- How far a job that follows a stream has come, per organization.
CREATE TABLE job_cursors (
  name             text NOT NULL,
  organization_id  text NOT NULL REFERENCES organizations (id),
  position         text NOT NULL,
  PRIMARY KEY (name, organization_id)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
