-- Up to when an erasure has seen what was loaded, by ClickHouse's clock: it is carried out again for what was loaded since, for as long as
-- there may be any. NULL: for everything that is there.
ALTER TABLE content_erasures ADD COLUMN erased_through timestamptz;
