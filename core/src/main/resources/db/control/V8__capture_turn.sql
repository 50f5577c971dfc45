-- Whose turn it is to make or drop what the operation captures changes with. It only grows: whoever is late finds a larger one
-- and leaves everything as it is. The largest number ends the operation: nothing is made any more.
ALTER TABLE job ADD COLUMN capture_turn bigint NOT NULL DEFAULT 0;
