-- State that outlives processes. Every table is in the schema "reshard" of the control database.

CREATE TABLE topology (
  version bigint PRIMARY KEY,
  document jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- One row: the version that the application routes by. Changed by compare-and-set alone.
CREATE TABLE active_topology (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version bigint NOT NULL REFERENCES topology,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE shard_status (
  shard_id text PRIMARY KEY,
  status text NOT NULL CHECK (status IN ('active', 'pending', 'to_be_deleted', 'failed')),
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE operation (
  id text PRIMARY KEY,
  phase text NOT NULL,
  last_completed_phase text,
  plan jsonb NOT NULL,
  options jsonb NOT NULL,
  error_code text,
  error_message text,
  job_id text,
  checkpoint_path text,
  driver text,
  started_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  version bigint NOT NULL DEFAULT 0
);

-- One operation at a time: at most one row may be in a phase that is not terminal.
CREATE UNIQUE INDEX operation_one_active ON operation ((true))
  WHERE phase NOT IN ('COMPLETED', 'ROLLED_BACK', 'FAILED');

CREATE TABLE phase_history (
  operation_id text NOT NULL REFERENCES operation ON DELETE CASCADE,
  phase text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  PRIMARY KEY (operation_id, phase, started_at)
);

-- The job's own record; a job that is submitted by hand has no row in "operation".
CREATE TABLE job (
  operation_id text PRIMARY KEY,
  generation integer NOT NULL DEFAULT 0,
  prepared boolean NOT NULL DEFAULT false
);

-- What the job makes on a source, written before it is made: what clean-up has to remove.
CREATE TABLE change_capture (
  operation_id text NOT NULL,
  source text NOT NULL,
  publication text NOT NULL,
  slot text NOT NULL,
  -- The heartbeat number at the slot's creation: the first one captured is the next.
  heartbeat_number bigint,
  PRIMARY KEY (operation_id, source)
);

-- Numbers the attempts of a generation. All subtasks of one attempt share one execution name.
CREATE TABLE job_attempt (
  operation_id text NOT NULL,
  generation integer NOT NULL,
  execution text NOT NULL,
  attempt integer NOT NULL,
  PRIMARY KEY (operation_id, generation, execution),
  UNIQUE (operation_id, generation, attempt)
);

-- kind, subject -> value
--   copied      SPLIT:TARGET      rows; generation and attempt are 0: a split is committed once
--   table       TABLE             1: copied, indexed, released; generation and attempt are 0
--   frontier    SUBTASK/PARALLELISM  the last watermark after which all was flushed
--   replicated  SOURCE->TARGET#SUBTASK  rows merged by this attempt
CREATE TABLE job_progress (
  operation_id text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  generation integer NOT NULL,
  attempt integer NOT NULL,
  value bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (operation_id, kind, subject, generation, attempt)
);

-- Whoever turns OPEN into SWITCHED has switched; whoever turns it into ABORTED may drop the fence.
CREATE TABLE cutover_attempt (
  operation_id text NOT NULL,
  attempt integer NOT NULL,
  status text NOT NULL CHECK (status IN ('OPEN', 'SWITCHED', 'ABORTED')),
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  PRIMARY KEY (operation_id, attempt)
);

-- One row per split and step of a run; a run without all of them proves nothing.
-- samples: [{"table", "key", "kind"}], kind one of MISSING, EXTRA, DIFFERENT, UNDECIDED.
CREATE TABLE verification (
  operation_id text NOT NULL,
  run text NOT NULL,
  split integer NOT NULL,
  step text NOT NULL,
  mode text NOT NULL,
  source_rows bigint NOT NULL,
  target_rows bigint NOT NULL,
  mismatches bigint NOT NULL,
  -- Keys that were written to so often that they could not be compared.
  undecided bigint NOT NULL,
  samples jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (operation_id, run, split, step)
);
