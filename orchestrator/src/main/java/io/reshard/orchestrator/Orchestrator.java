package io.reshard.orchestrator;

import io.opentelemetry.api.trace.Tracer;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.OperationResult;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.Retention;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.phase.RollbackReport;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The whole of reshard for a Java program: plan, execute, rollback, progress. Every state is in the
 * control database, so that another process can go on from wherever this one died. Methods block
 * until what they do is done; they may be called from several threads, and the control database
 * sees to it that only one drives an operation. Errors are {@link ReshardingException}s with a
 * code.
 */
public final class Orchestrator {
  private final Secrets.Control login;
  private final ControlDatabase control;
  private final Supplier<FlinkCluster> cluster;
  private final ReshardingOptions options;
  private final Tracer tracer;
  private final OperationStore store;

  /**
   * An orchestrator on a control database, whose schema is made if it is not there.
   *
   * @param cluster asked whenever a job has to run; it stays the caller's to close
   * @param tracer makes the spans; {@link OperationContext#UNTRACED} makes none
   */
  public Orchestrator(
      Secrets.Control login,
      Supplier<FlinkCluster> cluster,
      ReshardingOptions options,
      Tracer tracer) {
    this.login = login;
    this.control = new ControlDatabase(login.endpoint()).migrate();
    this.cluster = cluster;
    this.options = options;
    this.tracer = tracer;
    this.store = new PostgresOperationStore(control);
  }

  /** What it would take to get from the active topology to {@code wanted}; changes nothing. */
  public Plan plan(Topology wanted) {
    Topology active = new TopologyStore(control).active();
    PlannerOptions planning =
        PlannerOptions.defaults()
            .withTables(options.tables())
            .withCopyBatchSize(options.copyBatchSize());
    return new Planner(Secrets.of(List.of(active, wanted), login), planning).plan(active, wanted);
  }

  /**
   * Takes {@code plan} on as an operation and drives it through the switch; it is CLEANING_UP then.
   */
  public Operation execute(Plan plan) {
    return resume(NewOperation.create(control, plan, options).id(), Optional.empty());
  }

  /**
   * Goes on with an operation from wherever it stands: until {@code until}, or through the switch;
   * after the switch it keeps the way back until the retention is over, then cleans up. {@code
   * invalid_phase_transition} if the operation is over.
   */
  public Operation resume(String id, Optional<Phase> until) {
    OperationContext context = context(id);
    FencedCutover cutover = new FencedCutover();
    Operation operation = store.get(id);
    return switch (operation.phase()) {
      case COMPLETED, ROLLED_BACK ->
          throw new ReshardingException(
              ErrorCode.INVALID_PHASE_TRANSITION, "operation " + id + " is " + operation.phase());
      case CLEANING_UP -> {
        Operation kept = new Retention(context, cutover).keep();
        yield kept.phase() == Phase.CLEANING_UP ? new CleanUp(context, cutover).run() : kept;
      }
      default -> new OperationDriver(context, cutover).drive(until);
    };
  }

  /** Goes back to the old topology, without losing a write, until the clean-up deletes. */
  public RollbackReport rollback(String id) {
    return new Rollback(context(id), new FencedCutover()).run();
  }

  /**
   * Ends the retention now, and cleans up; {@code way_back_behind} if the old shards are not up to
   * date, so that nobody could fall back on them as it is.
   */
  public Operation complete(String id) {
    return new CleanUp(context(id), new FencedCutover()).run();
  }

  /** The same, however far behind the old shards are. */
  public Operation forceComplete(String id) {
    return new CleanUp(context(id), new FencedCutover()).force();
  }

  /** What has become of an operation, and what a rollback of it needs. */
  public OperationResult result(String id) {
    return OperationResult.read(store, id);
  }

  /** How far an operation is. */
  public OperationStatus progress(String id) {
    return new StatusReader(control).read(id);
  }

  private OperationContext context(String id) {
    store.get(id);
    Plan plan = store.plan(id);
    return new OperationContext(
        plan,
        Secrets.of(List.of(plan.source(), plan.target()), login),
        control,
        options,
        Optional.of(cluster.get()),
        Optional.empty(),
        tracer);
  }
}
