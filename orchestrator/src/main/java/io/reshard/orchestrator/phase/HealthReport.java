package io.reshard.orchestrator.phase;

import java.util.Map;

/** The health of all operations, as {@code health --json} writes it. */
public record HealthReport(Status status, String description, Map<String, Object> data) {
  /** How it stands. */
  public enum Status {
    HEALTHY,
    DEGRADED,
    UNHEALTHY
  }
}
