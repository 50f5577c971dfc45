package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Makes a plan. Reads from the shards and changes nothing. Thread-safe.
 *
 * <p>Errors: {@code topologies_identical}, {@code empty_plan}, {@code invalid_topology}, {@code
 * invalid_arguments}, and {@code plan_generation_failed} where a shard cannot be reached or
 * examined. What only stands in the way of a start is a finding of the plan's preflight report.
 */
public final class Planner {
  private final Secrets secrets;
  private final PlannerOptions options;

  public Planner(Secrets secrets, PlannerOptions options) {
    this.secrets = secrets;
    this.options = options;
  }

  /** The same where no operation has been stored yet. */
  public Plan plan(Topology active, Topology wanted) {
    return plan(active, wanted, List.of());
  }

  /**
   * The plan that leads from {@code active} to what {@code wanted} asks for. Shards that are as
   * they were give the same plan to the byte.
   *
   * @param takenIds ids of operations that exist; the plan gets another one
   */
  public Plan plan(Topology active, Topology wanted, Collection<String> takenIds) {
    List<TableRule> asked = TableSelection.select(wanted, options.tables());
    Topology target = new TargetTopology(active, wanted, asked).afterSwitch();
    KeyTypes keyTypes = new KeyTypes(active, secrets, options.queryTimeout());
    Migration migration =
        Migration.of(active, target, TableSelection.select(target, options.tables()), keyTypes::of);
    if (migration.moves().isEmpty()) {
      throw new ReshardingException(
          ErrorCode.EMPTY_PLAN, "the topologies differ, but no key changes its shard");
    }
    Inspection inspection = Inspection.of(migration, secrets, options);
    List<PlannedTable> tables = inspection.tables();
    if (tables.isEmpty()) {
      throw new ReshardingException(
          ErrorCode.EMPTY_PLAN,
          "none of the topology's tables stands on a source, so there is nothing to move");
    }
    List<MigrationStep> steps = steps(migration, inspection);
    List<PreflightFinding> findings = new Preflight(migration, inspection, secrets, options).run();
    return PlanIds.identify(assemble(migration, inspection, tables, steps, findings), takenIds);
  }

  /** How long the plan will take, from a short sample that is read now. */
  public DurationEstimate estimate(Plan plan) {
    return new CopySample(plan, secrets, options).estimate();
  }

  private static Plan assemble(
      Migration migration,
      Inspection inspection,
      List<PlannedTable> tables,
      List<MigrationStep> steps,
      List<PreflightFinding> findings) {
    long rows = steps.stream().mapToLong(MigrationStep::estimatedRows).sum();
    long bytes = steps.stream().mapToLong(MigrationStep::estimatedBytes).sum();
    return new Plan(
        Plan.FORMAT,
        "",
        migration.source(),
        migration.target(),
        inspection.schema(),
        tables,
        steps,
        inspection.splits(),
        rows,
        bytes,
        findings);
  }

  private static List<MigrationStep> steps(Migration migration, Inspection inspection) {
    List<MigrationStep> steps = new ArrayList<>();
    for (Overlap step : migration.steps()) {
      TableEstimate moved = inspection.moved(step.source(), step.target());
      steps.add(
          new MigrationStep(
              step.source(), step.target(), step.keyRange(), moved.rows(), moved.bytes()));
    }
    return steps;
  }
}
