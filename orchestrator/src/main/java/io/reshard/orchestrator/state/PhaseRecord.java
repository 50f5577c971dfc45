package io.reshard.orchestrator.state;

import java.time.Duration;
import java.time.Instant;

/** One passage through a phase; {@code completedAt} is null while it lasts. */
public record PhaseRecord(Phase phase, Instant startedAt, Instant completedAt) {
  /** Milliseconds from start to end, null while it lasts. */
  public Long durationMillis() {
    return completedAt == null ? null : Duration.between(startedAt, completedAt).toMillis();
  }
}
