package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine;

/** Drives an operation in the foreground, with its progress on standard error. */
final class Driving {
  private final CommonOptions common;
  private final Session session;

  Driving(CommonOptions common, Session session) {
    this.common = common;
    this.session = session;
  }

  /** Refuses what an embedded cluster cannot do, before anything is touched. */
  static void requireCluster(Session session, String option) {
    if (session.embedded()) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          option
              + " needs a cluster that outlives this command: without flink.address in the"
              + " configuration, the cluster ends with it. scripts/flink-cluster.sh starts one");
    }
  }

  /** The phase of {@code --until}; null stays empty. */
  static Optional<Phase> until(CommonOptions common, Phase phase) {
    if (phase == null) {
      return Optional.empty();
    }
    if (phase != Phase.COPYING && phase != Phase.REPLICATING && phase != Phase.VERIFYING) {
      throw new CommandLine.ParameterException(
          common.spec.commandLine(),
          "--until takes COPYING, REPLICATING or VERIFYING, not " + phase);
    }
    return Optional.of(phase);
  }

  /** Goes on from where the operation stands, and reports where it is then. */
  void drive(String id, Optional<Phase> until) {
    Plan plan = session.operations().plan(id);
    OperationContext context =
        session.context(plan, Optional.of(session.cluster()), Optional.empty());
    common.say("Flink: " + session.cluster().address());
    OperationDriver driver = new OperationDriver(context, new FencedCutover());
    Farewell farewell =
        Farewell.prepare(common, "Interrupted; 'reshard resume " + id + "' goes on.");
    Operation operation;
    ProgressDisplay display =
        ProgressDisplay.start(common.err(), plan, () -> session.statuses().read(id));
    try {
      operation = driver.drive(until);
    } finally {
      display.close();
      farewell.omit();
    }
    OperationStatus status = session.statuses().read(id);
    common.print(status, text(operation, driver.cutoverReport()));
  }

  private String text(Operation operation, Optional<CutoverReport> report) {
    StringBuilder text = new StringBuilder(operation.id() + " " + operation.phase() + "\n");
    report.ifPresent(
        done ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "Switched to version %d of the topology; writes were refused for %d ms.%n",
                    done.topologyVersion(),
                    done.readOnlyMillis())));
    if (operation.phase() == Phase.ROLLED_BACK) {
      return text.append("A rollback was interrupted, and has been ended.").toString();
    }
    text.append(
        operation.phase() == Phase.CLEANING_UP
            ? "The moved rows stay on their sources until 'reshard complete "
                + operation.id()
                + "'; until then 'reshard rollback "
                + operation.id()
                + "' goes back, and 'reshard resume "
                + operation.id()
                + "' keeps that way open."
            : "Replication goes on; 'reshard resume "
                + operation.id()
                + "' continues with the next phase.");
    return text.toString();
  }
}
