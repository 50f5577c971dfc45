package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import java.util.Arrays;

/** What an operator does about an error, in a sentence; docs/operations.md has the whole story. */
final class Remedies {
  private Remedies() {}

  /** The remedy for the error whose code is {@code code}. */
  static String of(String code) {
    return Arrays.stream(ErrorCode.values())
        .filter(one -> one.code().equals(code))
        .findFirst()
        .map(Remedies::of)
        .orElse("Look at the log of the process that drives it.");
  }

  private static String of(ErrorCode code) {
    return switch (code) {
      case SOURCE_UNAVAILABLE, TARGET_UNAVAILABLE, FLINK_UNAVAILABLE, STATE_STORE_FAILED ->
          "Bring it back; the operation goes on by itself.";
      case DISK_FULL ->
          "Make room on the disk of the shard that the message names; the operation goes on by"
              + " itself.";
      case SLOT_CREATION_BLOCKED -> "End the transactions that the message names.";
      case COPY_FAILED, REPLICATION_FAILED, CLEANUP_FAILED, ROLLBACK_FAILED ->
          "Mend what the message names, then run the same command again or 'resume'.";
      case VERIFICATION_FAILED -> "Do not switch. 'verify' names the keys; 'rollback' gives up.";
      case CUTOVER_ABORTED, CUTOVER_FAILED, CUTOVER_TIMEOUT ->
          "The old topology is in force and takes writes. Mend the reason, then 'resume'.";
      case CHANGES_MISSING ->
          "If there is a later savepoint or checkpoint, 'resume --from' it. Else this cannot be"
              + " mended: 'rollback', then plan again. The sources have every row.";
      case SLOT_MISSING, SCHEMA_CHANGED ->
          "This cannot be mended: 'rollback', then plan again. The sources have every row.";
      case KEY_COLLISION -> "Change one of the two rows, 'rollback', and start again.";
      case WAY_BACK_BEHIND ->
          "Mend what holds the reverse job up, then 'complete' again; 'complete --force' gives the"
              + " way back up.";
      case STRAY_ROW -> "Give the row a key that has an owner, or delete it; then 'resume'.";
      case KEY_NOT_ROUTED, TOPOLOGY_CONFLICT -> "'rollback', and plan again.";
      case CONCURRENT_RESHARDING_NOT_ALLOWED, EPOCH_SUPERSEDED ->
          "Another process has taken over; look at 'diagnose'.";
      default -> "'diagnose' says what is where; 'resume' or 'rollback' goes on.";
    };
  }
}
