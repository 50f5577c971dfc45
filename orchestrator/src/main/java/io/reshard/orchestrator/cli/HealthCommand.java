package io.reshard.orchestrator.cli;

import io.reshard.core.control.ControlDatabase;
import io.reshard.orchestrator.config.ConfigFile;
import io.reshard.orchestrator.config.ReshardConfig;
import io.reshard.orchestrator.phase.HealthCheck;
import io.reshard.orchestrator.phase.HealthReport;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code reshard health}. */
@Command(name = "health", description = "Tells whether all operations are well.")
final class HealthCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Override
  public Integer call() {
    ReshardConfig config = ConfigFile.read(common.config);
    HealthReport report =
        new HealthCheck(
                () ->
                    new PostgresOperationStore(
                        new ControlDatabase(config.control().endpoint()).migrate()),
                config.health().maxReshardingDuration(),
                config.health().timeout())
            .check();
    common.print(report, report.status() + ": " + report.description());
    return report.status() == HealthReport.Status.UNHEALTHY ? ExitCode.FAILED : ExitCode.OK;
  }
}
