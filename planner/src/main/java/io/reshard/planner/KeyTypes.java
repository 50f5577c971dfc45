package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.time.Duration;

/** Asks a shard for the type of a table's shard key. */
final class KeyTypes {
  private static final String TYPE =
      """
      SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relname = ? AND a.attname = ? AND NOT a.attisdropped
      """;

  private final Topology topology;
  private final Secrets secrets;
  private final Duration timeout;

  KeyTypes(Topology topology, Secrets secrets, Duration timeout) {
    this.topology = topology;
    this.secrets = secrets;
    this.timeout = timeout;
  }

  /** As {@code format_type} spells it; {@code plan_generation_failed} if it cannot be read. */
  String of(TableRule rule) {
    Shard shard = topology.viewOf(rule).owners().get(0);
    try (Session session = Session.open(secrets.endpoint(topology, shard), timeout)) {
      return session
          .first(TYPE, row -> row.getString(1), rule.schema(), rule.table(), rule.shardKey())
          .orElseThrow(
              () -> new SQLException("there is no column " + rule.name() + "." + rule.shardKey()));
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.PLAN_GENERATION_FAILED,
          "the shard " + shard.id() + " cannot be examined: " + e.getMessage(),
          e);
    }
  }
}
