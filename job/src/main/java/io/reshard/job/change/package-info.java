/**
 * The change source: reads which keys changed on one source shard from a logical replication slot,
 * and never skips a change when it resumes.
 *
 * <p>Flink's part is flink-connector-postgres-cdc: the source, its split, enumerator and reader,
 * and what of it goes into checkpoints. What travels through it is our own: {@link SlotStream}
 * reads the slot, {@link StreamDecoder} makes events, and the position is the end of a commit.
 *
 * <p>The package knows the connector and PostgreSQL's replication. It may not know what is done
 * with a changed key: not the plan, not the targets, not the routing. It never creates or drops
 * anything on a source shard; slot and publication exist before the job starts.
 */
package io.reshard.job.change;
