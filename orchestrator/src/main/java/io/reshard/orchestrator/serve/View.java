package io.reshard.orchestrator.serve;

import io.reshard.core.plan.MigrationStep;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.monitor.Sample;
import io.reshard.orchestrator.phase.Hindrance;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.state.Phase;
import java.time.Instant;
import java.util.List;

/**
 * What the page shows.
 *
 * @param takenAt when the control database last answered; the epoch if it never has
 * @param shards of the active topology and of the shown operation
 * @param shown null if there is no operation
 */
record View(
    Instant now,
    Instant takenAt,
    long topologyVersion,
    List<ShardView> shards,
    List<Line> operations,
    Shown shown) {
  /** One operation in the list of all. */
  record Line(String id, Phase phase, Instant startedAt, double percent) {}

  /** A shard; {@code before} and {@code after} say what it owns, null for nothing. */
  record ShardView(
      String id, String node, ShardStatus status, String reason, String before, String after) {}

  /**
   * The operation that is shown in full.
   *
   * @param samples throughput and lag, as far as this process has seen them
   */
  record Shown(
      OperationStatus status,
      List<MigrationStep> plan,
      long totalRows,
      long totalBytes,
      double rowsPerSecond,
      Hindrance hindrance,
      String driver,
      List<Sample> samples) {}
}
