package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.plan.Split;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Makes a plan. Reads from the shards and changes nothing. Thread-safe.
 *
 * <p>Errors: {@code topologies_identical}, {@code empty_plan}, {@code invalid_topology}, {@code
 * invalid_arguments}, and {@code plan_generation_failed} where a shard cannot be reached or
 * examined. What only stands in the way of a start is a finding of the plan's preflight report.
 */
public final class Planner {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyyMMdd").withZone(ZoneOffset.UTC);
  private static final int ID_DIGITS = 8;

  private final Secrets secrets;
  private final PlannerOptions options;

  public Planner(Secrets secrets, PlannerOptions options) {
    this.secrets = secrets;
    this.options = options;
  }

  /** The plan that leads from {@code active} to what {@code wanted} asks for. */
  public Plan plan(Topology active, Topology wanted) {
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
    return assemble(migration, inspection, tables, steps, inspection.splits(), findings);
  }

  private static Plan assemble(
      Migration migration,
      Inspection inspection,
      List<PlannedTable> tables,
      List<MigrationStep> steps,
      List<Split> splits,
      List<PreflightFinding> findings) {
    Instant now = Instant.now();
    long rows = steps.stream().mapToLong(MigrationStep::estimatedRows).sum();
    long bytes = steps.stream().mapToLong(MigrationStep::estimatedBytes).sum();
    return new Plan(
        Plan.FORMAT,
        DAY.format(now) + "-" + UUID.randomUUID().toString().substring(0, ID_DIGITS),
        now,
        migration.source(),
        migration.target(),
        inspection.schema(),
        tables,
        steps,
        splits,
        rows,
        bytes,
        DurationEstimate.seconds(rows, bytes),
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
