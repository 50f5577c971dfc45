-- How the copy of an operation is held back; null where it is not. The job looks again and again.
CREATE TABLE throttle (
  operation_id text PRIMARY KEY,
  bytes_per_second bigint,
  readers_per_source integer,
  pause_query text,
  pause_above double precision
);

-- Why the copy does not read from a source. A reader renews its row as long as it waits, so one that is not renewed was left
-- by a reader that has died.
CREATE TABLE copy_pause (
  operation_id text NOT NULL,
  source text NOT NULL,
  reason text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  renewed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (operation_id, source)
);
