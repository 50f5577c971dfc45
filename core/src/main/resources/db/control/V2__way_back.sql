-- CLOSED: a row that keeps any further attempt from being opened. The clean-up closes the way back with it before it
-- deletes a row.
ALTER TABLE cutover_attempt DROP CONSTRAINT cutover_attempt_status_check;
ALTER TABLE cutover_attempt ADD CONSTRAINT cutover_attempt_status_check
  CHECK (status IN ('OPEN', 'SWITCHED', 'ABORTED', 'CLOSED'));
