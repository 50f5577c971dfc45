package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.savepoint.SavepointReport;
import io.reshard.orchestrator.savepoint.SavepointReport.SourceReport;
import io.reshard.orchestrator.savepoint.Savepoints;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A savepoint or checkpoint that a person chooses for an operation's job. Nobody else knows of a
 * savepoint with which the job was stopped once the cluster has forgotten the job.
 */
public final class StartingPoint {
  private static final Logger LOG = LoggerFactory.getLogger(StartingPoint.class);

  private final OperationContext context;

  /**
   * For the job of {@code context}.
   *
   * @param context the reversed one after the switch
   */
  public StartingPoint(OperationContext context) {
    this.context = context;
  }

  /**
   * Notes {@code path}: the job that is submitted next starts from it, and owns it then. Changes
   * nothing and throws {@code invalid_arguments} if it is none of this operation, {@code
   * changes_missing} if a slot does not serve it any more, {@code invalid_phase_transition} if the
   * job runs.
   */
  public void choose(String path) {
    String operationId = context.plan().forwardId();
    try (DriverLock lock = DriverLock.acquire(context.control().endpoint(), operationId, false)) {
      OperationStore store = new PostgresOperationStore(context.control());
      Operation operation = store.get(operationId);
      // Before the look at the path: a job that runs removes its older checkpoints meanwhile.
      requireNoJob(operation);
      requireServed(
          new Savepoints(context.control(), plan -> context.secrets())
              .inspect(path, id -> ownPlan(path, id)));
      lock.requireHeld();
      store.recordJob(operation, null, path);
      LOG.info("the job of {} will be started from {}", context.operationId(), path);
    }
  }

  private Plan ownPlan(String path, String id) {
    if (!id.equals(context.operationId())) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          "%s is a savepoint of operation %s, and not of %s"
              .formatted(path, id, context.operationId()));
    }
    return context.plan();
  }

  private static void requireServed(SavepointReport report) {
    String refusals =
        report.sources().stream()
            .filter(source -> source.slotServes().refuses())
            .map(StartingPoint::refusal)
            .collect(Collectors.joining("; "));
    if (!refusals.isEmpty()) {
      throw new ReshardingException(
          ErrorCode.CHANGES_MISSING,
          "the job cannot be started from " + report.path() + ": " + refusals);
    }
  }

  private static String refusal(SourceReport source) {
    return "%s: %s (slot %s stands at %s, the savepoint ends at %s)"
        .formatted(
            source.source(),
            source.slotServes().text(),
            source.slot(),
            source.slotPosition(),
            source.position());
  }

  private void requireNoJob(Operation operation) {
    Optional<JobID> job = Optional.ofNullable(operation.jobId()).map(JobID::fromHexString);
    job.flatMap(context.cluster().orElseThrow()::status)
        .filter(status -> !status.isGloballyTerminalState())
        .ifPresent(
            status -> {
              throw new ReshardingException(
                  ErrorCode.INVALID_PHASE_TRANSITION,
                  "job %s of operation %s is %s on the cluster: it can only be started from somewhere else when it has ended"
                      .formatted(job.get(), operation.id(), status));
            });
  }
}
