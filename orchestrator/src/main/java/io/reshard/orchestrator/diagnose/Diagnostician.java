package io.reshard.orchestrator.diagnose;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.ShardRecord;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.ChangeCaptures;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.diagnose.Diagnosis.Finding;
import io.reshard.orchestrator.diagnose.Diagnosis.ShardFacts;
import io.reshard.orchestrator.phase.CutoverProcedure;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobID;

/** Finds out what is where of one operation, and mends what was left half done. */
public final class Diagnostician {
  private final OperationContext context;
  private final CutoverProcedure cutover;
  private final Plan plan;
  private final OperationStore store;

  public Diagnostician(OperationContext context, CutoverProcedure cutover) {
    this.context = context;
    this.cutover = cutover;
    this.plan = context.plan();
    this.store = new PostgresOperationStore(context.control());
  }

  /** Changes nothing. While somebody drives the operation, what is half done is not a finding. */
  public Diagnosis diagnose() {
    Operation operation = store.get(context.operationId());
    TopologyStore topologies = new TopologyStore(context.control());
    Optional<String> driver = DriverLock.holder(context.control(), operation.id());
    CutoverStatus there = cutover.status(context).orElse(null);
    CutoverStatus back = cutover.status(context.reversed()).orElse(null);
    List<ShardFacts> shards = shards(topologies.shards());
    List<Finding> findings =
        driver.isPresent()
            ? List.of()
            : new Findings(plan, operation.phase(), there, back, shards).find(captures());
    return new Diagnosis(
        operation.id(),
        operation.phase(),
        operation.error(),
        driver.orElse(null),
        topologies.activeVersion(),
        plan.source().version(),
        plan.target().version(),
        there,
        back,
        operation.jobId(),
        jobStatus(operation),
        shards,
        findings);
  }

  private List<ShardFacts> shards(List<ShardRecord> records) {
    ShardInspector inspector = new ShardInspector(context);
    return plan.shardIds().stream()
        .map(
            shard ->
                inspector.inspect(
                    shard,
                    records.stream()
                        .filter(one -> one.shardId().equals(shard))
                        .map(ShardRecord::status)
                        .findFirst()
                        .orElse(ShardStatus.PENDING)))
        .toList();
  }

  private List<CaptureRecord> captures() {
    JobRegistry registry = new JobRegistry(context.control());
    List<CaptureRecord> captures = new ArrayList<>(registry.captures(plan.planId()));
    captures.addAll(registry.captures(plan.reversed().planId()));
    return captures;
  }

  private String jobStatus(Operation operation) {
    if (operation.jobId() == null || context.cluster().isEmpty()) {
      return null;
    }
    try {
      return context
          .cluster()
          .get()
          .status(JobID.fromHexString(operation.jobId()))
          .map(Enum::name)
          .orElse("unknown to the cluster; 'reshard resume' submits it again");
    } catch (ReshardingException e) {
      return e.getMessage();
    }
  }

  /**
   * Does what {@code diagnosis} found can be done, and returns what is there afterwards. {@code
   * concurrent_resharding_not_allowed} if somebody drives the operation: that one mends it.
   */
  public Diagnosis repair(Diagnosis diagnosis) {
    Set<Mend> mends =
        diagnosis.findings().stream()
            .map(Finding::mend)
            .filter(Objects::nonNull)
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Mend.class)));
    mends.forEach(mend -> carryOut(mend, diagnosis.phase()));
    return diagnose();
  }

  private void carryOut(Mend mend, Phase phase) {
    switch (mend) {
      case UNDO_SWITCH -> locked(() -> undo(context));
      case FINISH_SWITCH -> {
        if (phase.compareTo(Phase.CUTTING_OVER) <= 0) {
          new OperationDriver(context, cutover).drive(Optional.empty());
        } else {
          locked(() -> cutover.run(context));
        }
      }
      case UNDO_ROLLBACK -> locked(() -> undo(context.reversed()));
      case FINISH_ROLLBACK -> new Rollback(context, cutover).run();
      case DROP_CAPTURES ->
          locked(
              () -> {
                drop(plan);
                drop(plan.reversed());
              });
    }
  }

  /** What has switched meanwhile is no error here: the next diagnosis says so. */
  private void undo(OperationContext attempt) {
    try {
      cutover.undo(attempt);
    } catch (ReshardingException e) {
      if (e.errorCode() != ErrorCode.ROLLBACK_NOT_AVAILABLE) {
        throw e;
      }
    }
  }

  private void drop(Plan captured) {
    new ChangeCaptures(captured, context.secrets(), context.control()).drop();
  }

  private void locked(Runnable work) {
    try (DriverLock lock =
        DriverLock.acquire(context.control().endpoint(), context.operationId(), false)) {
      lock.requireHeld();
      work.run();
    }
  }
}
