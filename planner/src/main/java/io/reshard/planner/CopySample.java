package io.reshard.planner;

import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads some blocks of the largest tables of every source, as the copy would, and reckons from that
 * how long the copy will take. Changes nothing on the shards, and takes about half a second.
 */
final class CopySample {
  private static final Duration LIMIT = Duration.ofMillis(500);
  private static final long BLOCKS = 500;
  private static final int TABLES = 3;
  private static final double NANOS = 1e9;

  /** Writing and indexes are not tried: with them a copy took so many times as long as reading. */
  private static final double WRITING = 4;

  /** The start of the job, the first checkpoints and the verification of a small table. */
  private static final double FIXED_SECONDS = 10;

  // Only declared partitions hold rows of the table; those that merely inherit are not copied.
  private static final String EXTENT =
      """
      SELECT sum(pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::bigint)::bigint,
        CASE WHEN bool_or(c.relkind = 'p') THEN '' ELSE 'ONLY ' END
      FROM pg_catalog.pg_class c
      WHERE c.oid IN (SELECT ?::text::regclass
        UNION SELECT relid FROM pg_catalog.pg_partition_tree(?::text::regclass))
      """;

  private final Plan plan;
  private final Secrets secrets;
  private final PlannerOptions options;

  CopySample(Plan plan, Secrets secrets, PlannerOptions options) {
    this.plan = plan;
    this.secrets = secrets;
    this.options = options;
  }

  private record Reading(long bytes, double seconds) {
    double bytesPerSecond() {
      return bytes / Math.max(seconds, 1 / NANOS);
    }
  }

  private record Extent(long blocks, String only) {}

  DurationEstimate estimate() {
    Map<String, Reading> readings = ShardWorkers.askAll(plan.sources(), this::read);
    double seconds = 0;
    String basis = "nothing to read";
    for (Map.Entry<String, Reading> source : readings.entrySet()) {
      Reading reading = source.getValue();
      double needed = reading.bytes() == 0 ? 0 : moved(source.getKey()) / reading.bytesPerSecond();
      if (needed > seconds) {
        seconds = needed;
        basis =
            String.format(
                Locale.ROOT,
                "%s, the slowest, was read at %.1f MB/s (%.1f MB in %.0f ms)",
                source.getKey(),
                reading.bytesPerSecond() / 1e6,
                reading.bytes() / 1e6,
                reading.seconds() * 1000);
      }
    }
    return new DurationEstimate(
        Math.round((FIXED_SECONDS + WRITING * seconds) * 10) / 10.0,
        String.format(
            Locale.ROOT,
            "%s; writing and indexes are taken as %.0f times the reading, and %.0f s for all else",
            basis,
            WRITING,
            FIXED_SECONDS));
  }

  private double moved(String source) {
    return plan.steps().stream()
        .filter(step -> step.source().equals(source))
        .mapToLong(MigrationStep::estimatedBytes)
        .sum();
  }

  private Reading read(String source) throws SQLException {
    List<PlannedTable> largest =
        plan.tables().stream()
            .filter(table -> !table.isReference())
            .sorted(Comparator.comparingLong(PlannedTable::estimatedBytes).reversed())
            .limit(TABLES)
            .toList();
    Duration limit = LIMIT.compareTo(options.queryTimeout()) < 0 ? LIMIT : options.queryTimeout();
    try (Session session = Session.open(plan.endpoint(source, secrets), options.queryTimeout())) {
      long begun = System.nanoTime();
      long bytes = 0;
      for (PlannedTable table : largest) {
        if (System.nanoTime() - begun < limit.toNanos()) {
          bytes += read(session, table);
        }
      }
      return new Reading(bytes, (System.nanoTime() - begun) / NANOS);
    }
  }

  private static long read(Session session, PlannedTable table) throws SQLException {
    Extent extent =
        session.one(
            EXTENT,
            row -> new Extent(row.getLong(1), row.getString(2)),
            table.quotedName(),
            table.quotedName());
    double percent = Math.min(100.0, 100.0 * BLOCKS / Math.max(1, extent.blocks()));
    return session.copyOut(
        "COPY (SELECT "
            + Sql.identifiers("t", table.copiedColumns())
            + " FROM "
            + extent.only()
            + table.quotedName()
            + " t TABLESAMPLE SYSTEM ("
            + percent
            + ") REPEATABLE (0)) TO STDOUT"
            + (table.binaryCopy() ? " (FORMAT binary)" : ""));
  }
}
