/**
 * The change source: reads which keys changed on one source shard from a logical replication slot,
 * through flink-connector-postgres-cdc, and never skips a change when it resumes.
 *
 * <p>The package knows the connector, its Debezium, and PostgreSQL's replication. It may not know
 * what is done with a changed key: not the plan, not the targets, not the routing. It never creates
 * or drops anything on a source shard; slot and publication exist before the job starts.
 */
package io.reshard.job.change;
