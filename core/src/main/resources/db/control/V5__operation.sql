-- The phase behind which an operation waits for a person, whoever drives it; null: it goes on through the switch.
ALTER TABLE operation ADD COLUMN hold_after text;

-- From the first fence to the last release; null where nobody was left to say.
ALTER TABLE cutover_attempt ADD COLUMN read_only_millis bigint;
