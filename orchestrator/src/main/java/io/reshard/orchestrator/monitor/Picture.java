package io.reshard.orchestrator.monitor;

import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.state.Operation;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All operations as they stood at one moment, the newest first.
 *
 * @param mismatches keys that verifications found different, by operation
 */
public record Picture(
    Instant takenAt,
    List<Observed> operations,
    List<Window> windows,
    Map<String, Long> mismatches) {
  /** Nothing has been seen yet. */
  public static final Picture EMPTY = new Picture(Instant.EPOCH, List.of(), List.of(), Map.of());

  /** One operation with its status. */
  public record Observed(Operation operation, OperationStatus status) {}

  /** How long writes were refused at one switch. */
  public record Window(String operationId, int attempt, long readOnlyMillis) {}

  /** The operation that is not in a terminal phase; there is never more than one. */
  public Optional<Observed> active() {
    return operations.stream().filter(one -> !one.operation().phase().terminal()).findFirst();
  }
}
