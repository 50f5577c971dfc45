-- Grows with every process that takes the right to drive the operation: one that has lost it knows by the number.
ALTER TABLE operation ADD COLUMN driver_token bigint NOT NULL DEFAULT 0;
