-- A run that was interrupted is gone on with by another job, which keeps what has been compared.
-- The job that compares, or compared last, and since when.
ALTER TABLE verification_run ADD COLUMN job_id text;
ALTER TABLE verification_run ADD COLUMN submitted_at timestamptz;
-- Somebody wants the run to end with what it has.
ALTER TABLE verification_run ADD COLUMN stop_requested boolean NOT NULL DEFAULT false;
