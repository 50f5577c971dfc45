package io.reshard.orchestrator.phase;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.flink.FlinkCluster;
import java.nio.file.Path;
import java.util.Optional;

/**
 * All that a step of an operation works with.
 *
 * @param cluster empty where a command reaches no Flink, as a cutover by hand
 * @param onSwitch an executable that swaps the application's own topology, called by the cutover
 * @param tracer what spans are made with
 */
public record OperationContext(
    Plan plan,
    Secrets secrets,
    ControlDatabase control,
    ReshardingOptions options,
    Optional<FlinkCluster> cluster,
    Optional<Path> onSwitch,
    Tracer tracer) {
  /** Makes no spans. */
  public static final Tracer UNTRACED = TracerProvider.noop().get("io.reshard");

  /** A context without traces. */
  public OperationContext(
      Plan plan,
      Secrets secrets,
      ControlDatabase control,
      ReshardingOptions options,
      Optional<FlinkCluster> cluster,
      Optional<Path> onSwitch) {
    this(plan, secrets, control, options, cluster, onSwitch, UNTRACED);
  }

  public String operationId() {
    return plan.planId();
  }

  /** The same for the way back. */
  public OperationContext reversed() {
    return new OperationContext(
        plan.reversed(), secrets, control, options, cluster, onSwitch, tracer);
  }

  /** The database of a shard of either topology. */
  public Endpoint endpoint(String shardId) {
    return plan.endpoint(shardId, secrets);
  }
}
