-- How far the job had come when a run of the verification began. The run holds for as long as the job's attempt is the
-- same and its writers find nothing: they check each write. In job_progress:
--   mismatched  #SUBTASK  blocks that did not read back as they were read, in this attempt
CREATE TABLE verification_run (
  operation_id text NOT NULL,
  run text NOT NULL,
  mode text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  generation integer NOT NULL,
  attempt integer NOT NULL,
  -- Null if the copy was not complete or nothing was being replicated: such a run proves nothing for later.
  frontier bigint,
  mismatched_writes bigint NOT NULL,
  PRIMARY KEY (operation_id, run)
);
