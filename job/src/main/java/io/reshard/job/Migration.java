package io.reshard.job;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.Epoch;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * What every operator of the job needs to know. The plan is without its splits, which the split
 * source alone keeps, so that the job graph stays small. {@link #toString()} shows no password.
 */
public final class Migration implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Plan plan;
  private final Secrets secrets;
  private final int generation;

  public Migration(Plan plan, Secrets secrets, int generation) {
    this.plan = plan.withoutSplits();
    this.secrets = secrets;
    this.generation = generation;
  }

  public Plan plan() {
    return plan;
  }

  public Secrets secrets() {
    return secrets;
  }

  public String operationId() {
    return plan.planId();
  }

  public Endpoint endpoint(String shardId) {
    return plan.endpoint(shardId, secrets);
  }

  /** The replica of a shard that the copy is to read from, if there is one. */
  public Optional<Endpoint> replica(String shardId) {
    return plan.replica(shardId, secrets);
  }

  public PlannedTable table(int ordinal) {
    return plan.tables().get(ordinal);
  }

  /** The targets of a source, as ordinals of shards. */
  public List<Integer> targetsOf(int source) {
    return plan.targetsOf(plan.shardIds().get(source)).stream().map(plan::shardOrdinal).toList();
  }

  /** The epoch of the attempt that {@code execution} names; asks the control database. */
  public Epoch epoch(String execution) {
    return new JobRegistry(new ControlDatabase(secrets.control().endpoint()))
        .epoch(operationId(), generation, execution);
  }

  @Override
  public String toString() {
    return "Migration[" + operationId() + ", generation " + generation + "]";
  }
}
