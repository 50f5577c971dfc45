package io.reshard.orchestrator.hook;

/**
 * Told of every completed phase, in a thread of its own, before the next phase begins; not if the
 * process dies just between the two. What it throws is logged and ignored, and so is one that does
 * not end in time.
 */
@FunctionalInterface
public interface PhaseCallback {
  /** One phase is completed. */
  void completed(HookEvent event) throws Exception;
}
