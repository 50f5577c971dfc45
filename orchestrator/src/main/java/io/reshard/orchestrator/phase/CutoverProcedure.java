package io.reshard.orchestrator.phase;

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
}
