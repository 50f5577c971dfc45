package io.reshard.orchestrator.cli;

import io.opentelemetry.api.trace.Tracer;
import io.reshard.core.control.ControlDatabase;
import io.reshard.orchestrator.config.ReshardConfig;
import io.reshard.orchestrator.monitor.Monitor;
import io.reshard.orchestrator.telemetry.Telemetry;

/** Metrics and traces of one command, for as long as it is open. */
final class Observation implements AutoCloseable {
  private final Monitor monitor;
  private final Telemetry telemetry;

  private Observation(Monitor monitor, Telemetry telemetry) {
    this.monitor = monitor;
    this.telemetry = telemetry;
  }

  static Observation start(ReshardConfig.Telemetry config, ControlDatabase control) {
    Monitor monitor = new Monitor(control);
    Telemetry telemetry = Telemetry.start(config, monitor);
    monitor.start();
    return new Observation(monitor, telemetry);
  }

  Tracer tracer() {
    return telemetry.tracer();
  }

  @Override
  public void close() {
    telemetry.close();
    monitor.close();
  }
}
