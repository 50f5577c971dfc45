package io.reshard.job.apply;

import java.util.List;

/**
 * A row that was deleted on a target to make room, and must be fetched again from its source.
 *
 * @param table ordinal of the table in the plan
 * @param source ordinal of the shard that owned the row under the old topology
 * @param target ordinal of the target that it was evicted from
 * @param key the primary key's values in PostgreSQL's text form
 */
record EvictedKey(int table, int source, int target, List<String> key) {}
