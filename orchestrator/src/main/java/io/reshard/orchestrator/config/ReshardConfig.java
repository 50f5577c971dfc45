package io.reshard.orchestrator.config;

import io.reshard.core.control.Throttle;
import io.reshard.core.postgres.Secrets;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** The whole of reshard.yaml, checked and with every default. */
public record ReshardConfig(
    Secrets.Control control,
    Flink flink,
    ReshardingOptions options,
    Throttle throttle,
    Health health,
    Telemetry telemetry) {
  /**
   * Where jobs run. Without an {@code address} the command hosts a cluster itself; without {@code
   * checkpoints} the cluster's own folder is used.
   */
  public record Flink(Optional<URI> address, Optional<String> checkpoints, int parallelism) {}

  /** Limits of the health check. */
  public record Health(Duration maxReshardingDuration, Duration timeout) {}

  /** Where metrics and traces go; port and endpoint are null where they go nowhere. */
  public record Telemetry(Integer prometheusPort, String prometheusHost, String otlpEndpoint) {
    /** Whether anybody wants to know. */
    public boolean wanted() {
      return prometheusPort != null || otlpEndpoint != null;
    }
  }
}
