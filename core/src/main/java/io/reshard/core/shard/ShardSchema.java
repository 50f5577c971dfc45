package io.reshard.core.shard;

import io.reshard.core.postgres.SqlStates;
import io.reshard.core.routing.RoutingFunctions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** The schema {@code reshard} inside a shard's database, on sources and targets alike. */
public final class ShardSchema {
  /** The schema's name. */
  public static final String NAME = RoutingFunctions.SCHEMA;

  /**
   * The start-up option that marks the product's own sessions: fence and guard let them through, as
   * a shard that is source and target at once takes our writes while it refuses the application's.
   */
  public static final String OWN_SESSION = "-c reshard.session=on";

  /** The trigger that keeps a TRUNCATE from rows that have moved but are not removed yet. */
  public static final String TRUNCATE_GUARD = "reshard_guard_truncate";

  /** Makes concurrent creators wait for each other: IF NOT EXISTS alone does not. */
  private static final long ADVISORY_LOCK = 0x7265736861726431L;

  // Guards call the routing functions as the application's role, so it must find them.
  private static final String CREATE =
      """
      CREATE SCHEMA IF NOT EXISTS reshard;
      GRANT USAGE ON SCHEMA reshard TO PUBLIC;
      CREATE TABLE IF NOT EXISTS reshard.heartbeat (
        operation_id text PRIMARY KEY, number bigint NOT NULL, value bigint NOT NULL);
      CREATE TABLE IF NOT EXISTS reshard.copy_progress (
        operation_id text NOT NULL, split integer NOT NULL, rows bigint NOT NULL,
        committed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (operation_id, split));
      CREATE TABLE IF NOT EXISTS reshard.epoch (
        operation_id text PRIMARY KEY, generation integer NOT NULL, attempt integer NOT NULL,
        revoked boolean NOT NULL DEFAULT false);
      ALTER TABLE reshard.epoch ADD COLUMN IF NOT EXISTS revoked_by integer NOT NULL DEFAULT 0;
      CREATE TABLE IF NOT EXISTS reshard.refetch (
        operation_id text NOT NULL, table_number integer NOT NULL, source integer NOT NULL,
        key text[] NOT NULL, PRIMARY KEY (operation_id, table_number, source, key));
      CREATE TABLE IF NOT EXISTS reshard.created_tables (operation_id text PRIMARY KEY);
      CREATE OR REPLACE FUNCTION reshard.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'TRUNCATE of %.% is refused while the table is being resharded',
            TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = '%1$s',
            HINT = 'Use DELETE, or wait until the resharding is complete.';
        END $$;
      """
          .replace("%1$s", SqlStates.FENCED);

  private ShardSchema() {}

  /** Creates what is missing. Idempotent; safe to run concurrently. Commits. */
  public static void ensure(Connection connection) throws SQLException {
    boolean autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_xact_lock(" + ADVISORY_LOCK + ")");
      statement.execute(CREATE);
      statement.execute(WatchSchema.CREATE);
      statement.execute(RoutingFunctions.statements(NAME));
      // Default privileges may have taken it from PUBLIC.
      statement.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reshard TO PUBLIC");
      connection.commit();
    } finally {
      connection.setAutoCommit(autoCommit);
    }
  }
}
