package io.reshard.orchestrator.state;

/**
 * The named points that an operation passes: before and after each stored transition, and between
 * the steps of the cutover, of its undoing, of the clean-up and of a rollback, in this order. At
 * each of them its process may die, freeze or fail, and somebody else has to go on; tests make it
 * do so with {@link Interruption}. Anywhere else passing one does nothing.
 */
public enum Milestone {
  PLANNING_DONE,
  AFTER_PLANNING,
  BEFORE_COPYING,
  IN_COPYING,
  COPYING_DONE,
  AFTER_COPYING,
  BEFORE_REPLICATING,
  IN_REPLICATING,
  REPLICATING_DONE,
  AFTER_REPLICATING,
  BEFORE_VERIFYING,
  IN_VERIFYING,
  VERIFYING_DONE,
  AFTER_VERIFYING,
  BEFORE_CUTTING_OVER,
  IN_CUTTING_OVER,
  GATE_PASSED,
  ATTEMPT_OPENED,
  WAY_BACK_PREPARED,
  SWITCH_REHEARSED,
  LAG_SHORT,
  /** One source is fenced, another one may not be. */
  FENCING,
  FENCED,
  END_MARKED,
  SEQUENCES_ADVANCED,
  DRAINED,
  VERIFICATION_HOLDS,
  /** One target takes nothing from the forward job any more, another one may. */
  REVOKING,
  REVOKED,
  SWITCHED,
  SWAPPED,
  /** One shard is released, another one may not be. */
  RELEASING,
  RELEASED,
  WINDOW_RECORDED,
  FENCES_SWEPT,
  FORWARD_JOB_ENDED,
  FORWARD_JOB_FORGOTTEN,
  FORWARD_JOB_REMOVED,
  CUTTING_OVER_DONE,
  AFTER_CUTTING_OVER,
  BEFORE_CLEANING_UP,
  IN_CLEANING_UP,
  REVERSE_JOB_RUNNING,
  FOREIGN_KEYS_VALID,
  WAY_BACK_CLOSED,
  WAY_BACK_REMOVED,
  MOVED_ROWS_REMOVED,
  CLEANING_UP_DONE,
  AFTER_CLEANING_UP,
  BEFORE_COMPLETED,
  IN_COMPLETED,
  CUTOVER_TAKEN_BACK,
  JOB_ENDED,
  EPOCHS_REVOKED,
  CAPTURES_DROPPED,
  REVERSE_CAPTURES_DROPPED,
  COPIES_REMOVED,
  CHECKPOINTS_REMOVED,
  PENDING_SHARDS_FORGOTTEN,
  BEFORE_ROLLED_BACK,
  IN_ROLLED_BACK,
  ATTEMPT_SETTLED,
  SESSIONS_ENDED,
  WRITES_ALLOWED,
  BEFORE_FAILED,
  IN_FAILED,

  /** Passed only by who resumes an operation that failed while it was planned. */
  BEFORE_PLANNING,
  IN_PLANNING;

  /** The point before {@code phase} is stored as the one that the operation is in. */
  public static Milestone before(Phase phase) {
    return valueOf("BEFORE_" + phase);
  }

  /** The point behind that. */
  public static Milestone in(Phase phase) {
    return valueOf("IN_" + phase);
  }

  /** The point before {@code phase} is stored as completed. */
  public static Milestone done(Phase phase) {
    return valueOf(phase + "_DONE");
  }

  /** The point behind that. */
  public static Milestone after(Phase phase) {
    return valueOf("AFTER_" + phase);
  }

  /** Passes this point. */
  public void pass() {
    Interruption.at(this);
  }
}
