-- The splits whose rows a result has counted together, where they are several: the results of the others count none.
ALTER TABLE verification ADD COLUMN counted_splits integer[];
