package io.reshard.orchestrator.cli;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.config.ConfigFile;
import io.reshard.orchestrator.config.ReshardConfig;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationLog;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a command works with: its configuration, the control database, and Flink if it is asked. */
final class Session implements AutoCloseable {

  private final ReshardConfig config;
  private final ControlDatabase control;
  private FlinkCluster cluster;
  private Optional<Observation> observation = Optional.empty();

  private Session(ReshardConfig config, ControlDatabase control) {
    this.config = config;
    this.control = control;
  }

  static Session open(Path configFile) {
    ReshardConfig config = ConfigFile.read(configFile);
    return new Session(config, new ControlDatabase(config.control().endpoint()).migrate());
  }

  /** The same for a command that takes long: with metrics and traces, if they are configured. */
  Session observed() {
    if (config.telemetry().wanted()) {
      observation = Optional.of(Observation.start(config.telemetry(), control));
    }
    return this;
  }

  ReshardConfig config() {
    return config;
  }

  ControlDatabase control() {
    return control;
  }

  OperationStore operations() {
    return new PostgresOperationStore(control);
  }

  TopologyStore topologies() {
    return new TopologyStore(control);
  }

  StatusReader statuses() {
    return new StatusReader(control);
  }

  /** Whether commands host a cluster themselves. */
  boolean embedded() {
    return config.flink().address().isEmpty();
  }

  /** The logins of the nodes of {@code topologies}. */
  Secrets secrets(Topology... topologies) {
    return Secrets.of(List.of(topologies), config.control());
  }

  /** The cluster; an embedded one is started at the first call and ends with the session. */
  FlinkCluster cluster() {
    if (cluster == null) {
      cluster = embedded() ? startEmbedded() : connect();
    }
    return cluster;
  }

  /** The cluster, unless it would have to be started first. */
  Optional<FlinkCluster> runningCluster() {
    return cluster == null && embedded() ? Optional.empty() : Optional.of(cluster());
  }

  private FlinkCluster connect() {
    return new RestFlinkCluster(
        config.flink().address().orElseThrow(),
        config.flink().checkpoints(),
        config.flink().parallelism());
  }

  private FlinkCluster startEmbedded() {
    String checkpoints =
        config
            .flink()
            .checkpoints()
            .orElseGet(() -> StateFolder.create().resolve("checkpoints").toUri().toString());
    return EmbeddedCluster.start(checkpoints, config.flink().parallelism());
  }

  /** The context of an operation's steps. */
  OperationContext context(Plan plan, Optional<FlinkCluster> flink, Optional<Path> onSwitch) {
    OperationLog.begin(plan.forwardId());
    return new OperationContext(
        plan,
        secrets(plan.source(), plan.target()),
        control,
        config.options(),
        flink,
        onSwitch,
        observation.map(Observation::tracer).orElse(OperationContext.UNTRACED));
  }

  /** The operation called {@code id}, or without one the active operation. */
  Operation operation(String id) {
    if (id != null) {
      return operations().get(id);
    }
    List<Operation> active = operations().listActive();
    if (active.size() == 1) {
      return active.get(0);
    }
    List<Operation> all = operations().list();
    String known =
        all.isEmpty()
            ? "there is none"
            : all.stream()
                .map(one -> one.id() + " " + one.phase())
                .collect(Collectors.joining(", ", "name one of: ", ""));
    throw new ReshardingException(
        ErrorCode.RESHARDING_NOT_FOUND,
        (active.isEmpty() ? "no operation is active; " : "several operations are active; ")
            + known);
  }

  @Override
  public void close() {
    observation.ifPresent(Observation::close);
    if (cluster != null) {
      cluster.close();
    }
  }
}
