package io.reshard.orchestrator.diagnose;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.CaptureTurn;
import io.reshard.core.control.ShardRecord;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.ChangeCaptures;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.diagnose.Diagnosis.Finding;
import io.reshard.orchestrator.diagnose.Diagnosis.ShardFacts;
import io.reshard.orchestrator.diagnose.Diagnosis.Slot;
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
import java.sql.Connection;
import java.sql.SQLException;
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
            : new Findings(plan, operation.phase(), there, back, shards, topologies.active())
                // Read behind the shards: a slot's record is older than the slot.
                .find(captures(), CaptureRegistry.slots(context.control()));
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
    List<CaptureRecord> captures = new ArrayList<>(captures(plan));
    captures.addAll(captures(plan.reversed()));
    return captures;
  }

  private List<CaptureRecord> captures(Plan captured) {
    return new CaptureRegistry(context.control(), captured.planId()).captures();
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
      case DROP_SLOTS -> locked(this::dropUnrecordedSlots);
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

  /**
   * What was found may have been made whole meanwhile, so it is looked at again while nobody else
   * drives an operation: slots first and then the records, which are older than their slots.
   */
  private void dropUnrecordedSlots() {
    for (Operation other : store.listActive()) {
      if (!other.id().equals(context.operationId())) {
        DriverLock.holder(context.control(), other.id())
            .ifPresent(
                driver -> {
                  throw new ReshardingException(
                      ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
                      "operation " + other.id() + " is being driven by " + driver);
                });
      }
    }
    List<ShardFacts> found = shards(List.of());
    Set<String> recorded = CaptureRegistry.slots(context.control());
    for (ShardFacts shard : found) {
      for (Slot slot : shard.slots()) {
        if (!recorded.contains(slot.name())) {
          dropSlot(shard.id(), slot.name());
        }
      }
    }
  }

  private void dropSlot(String shard, String slot) {
    try (Connection connection =
        context.endpoint(shard).connect("reshard " + plan.planId() + " diagnose")) {
      ChangeCapture.dropSlot(connection, slot);
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.SOURCE_UNAVAILABLE,
          "the slot " + slot + " on " + shard + " cannot be dropped: " + e.getMessage(),
          e);
    }
  }

  private void drop(Plan captured) {
    new ChangeCaptures(captured, context.secrets(), context.control()).drop(CaptureTurn.END);
  }

  private void locked(Runnable work) {
    try (DriverLock lock =
        DriverLock.acquire(context.control().endpoint(), context.operationId(), false)) {
      lock.requireHeld();
      work.run();
    }
  }
}
