package io.reshard.orchestrator.diagnose;

import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.Phase;
import java.util.List;

/**
 * What is where of one operation, as {@code diagnose --json} writes it.
 *
 * @param driver the process that drives it now, or null
 * @param switchAttempt what became of the newest attempt to switch, or null
 * @param rollbackAttempt the same of the attempts to switch back
 * @param jobStatus what the cluster says of the job; null if there is none or no cluster was asked
 */
public record Diagnosis(
    String id,
    Phase phase,
    OperationError error,
    String driver,
    long topologyVersion,
    long sourceVersion,
    long targetVersion,
    CutoverStatus switchAttempt,
    CutoverStatus rollbackAttempt,
    String jobId,
    String jobStatus,
    List<ShardFacts> shards,
    List<Finding> findings) {
  /** Whether all fits together. */
  public boolean consistent() {
    return findings.isEmpty();
  }

  /**
   * One shard.
   *
   * @param unreachable why nothing is known of it, or null
   * @param fences triggers of this operation's switch that refuse writes
   * @param backFences the same of the switch back
   * @param guarded whether it refuses the keys that moved away
   */
  public record ShardFacts(
      String id,
      ShardStatus status,
      String unreachable,
      List<String> fences,
      List<String> backFences,
      boolean guarded,
      List<Slot> slots,
      List<EpochFacts> epochs) {}

  /** A replication slot of ours; {@code retainedBytes} of write-ahead log are kept for it. */
  public record Slot(String name, boolean active, long retainedBytes) {}

  /** Who may write to a target: a revoked epoch may not. */
  public record EpochFacts(String operationId, int generation, int attempt, boolean revoked) {}

  /** Something that does not fit, and what mends it; null where only a person can. */
  public record Finding(String what, String remedy, Mend mend) {}
}
