package io.reshard.orchestrator.phase;

import java.util.Optional;

/**
 * The switch to the new topology. Every method may be called again after a crash of its caller, and
 * finds out by itself how far the last one came.
 */
public interface CutoverProcedure {
  /**
   * Switches, or goes forward if the switch has happened. Errors: {@code cutover_timeout}, {@code
   * cutover_aborted} and {@code cutover_failed}, after which the sources take writes again.
   */
  CutoverReport run(OperationContext context);

  /** Checks all that can be checked without fencing anything. */
  CutoverReport rehearse(OperationContext context);

  /**
   * Gives up an attempt that an interruption left open, and drops its fences; does nothing if there
   * is none. {@code rollback_not_available} if it has switched.
   */
  void undo(OperationContext context);

  /**
   * Validates the foreign keys of the new shards that could not be while changes flowed; for after
   * the switch, beside the application's writes. {@code cutover_failed} names a row without its
   * parent. Idempotent.
   */
  void validateForeignKeys(OperationContext context);

  /** What has become of the newest attempt; empty if there was none. */
  Optional<CutoverStatus> status(OperationContext context);

  /**
   * Makes sure that no attempt can be opened any more, for good: before anything is removed that
   * the switch would need. Idempotent. {@code invalid_phase_transition} if one is open or has
   * switched.
   */
  void close(OperationContext context);

  /** Whether the newest attempt has switched. */
  default boolean switched(OperationContext context) {
    return status(context).filter(CutoverStatus.SWITCHED::equals).isPresent();
  }
}
