package io.reshard.orchestrator.hook;

import java.util.Optional;

/**
 * Asked before the write fence is raised whether this is a good moment. Its time counts against the
 * cutover's timeout; one that throws or does not end in time refuses.
 */
@FunctionalInterface
public interface CutoverGate {
  /** Empty if the cutover may begin, else why it may not. */
  Optional<String> refusal(HookEvent event) throws Exception;
}
