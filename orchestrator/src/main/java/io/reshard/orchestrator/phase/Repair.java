package io.reshard.orchestrator.phase;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.RefetchRequests;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the job fetch the keys again that differ, and those of rows that came to the wrong target,
 * and verifies again. Only the job writes: by the path of every change, which touches no row that
 * its target owned before. The operation stays where it is.
 */
public final class Repair {
  private static final Logger LOG = LoggerFactory.getLogger(Repair.class);

  private final OperationContext context;
  private final FlinkCluster cluster;
  private final Plan plan;
  private final VerificationStore verifications;

  public Repair(OperationContext context, FlinkCluster cluster) {
    this.context = context;
    this.cluster = cluster;
    this.plan = context.plan();
    this.verifications = new VerificationStore(context.control());
  }

  /** Returns what the last verification found; differences that stay are a result, not an error. */
  public VerificationReport run() {
    OperationStore store = new PostgresOperationStore(context.control());
    String id = context.operationId();
    try (DriverLock lock = DriverLock.acquire(context.control().endpoint(), id, false)) {
      JobKeeper keeper = new JobKeeper(context, cluster, new OperationHandle(store, lock));
      keeper.ensureRunning();
      new ReplicationWait(context, keeper).awaitShortLag(Duration.ZERO);
      VerificationReport before = verify(keeper);
      Set<String> astray = targetsWithStrays(before);
      if (before.mismatches() == 0 && astray.isEmpty()) {
        return before;
      }
      LOG.info(
          "{} keys differ; they are fetched again, and so are strays on {}",
          before.mismatches(),
          astray);
      request(verifications.differences(id, before.run()));
      astray.forEach(this::requestStrays);
      awaitRequests(keeper);
      return verify(keeper);
    }
  }

  private VerificationReport verify(JobKeeper keeper) {
    Verification verification = new Verification(context, cluster);
    return verification.run(
        verification.neededMode(),
        Verification.ALL_KEYS,
        () -> keeper.check(ErrorCode.REPLICATION_FAILED));
  }

  private void request(Map<String, List<Mismatch>> differences) {
    for (MigrationStep step : plan.steps()) {
      List<Mismatch> ofStep = differences.getOrDefault(step.name(), List.of());
      if (!ofStep.isEmpty()) {
        onTarget(
            step.target(),
            connection -> {
              connection.setAutoCommit(false);
              for (Mismatch difference : ofStep) {
                request(connection, step, difference);
              }
              connection.commit();
              return null;
            });
      }
    }
  }

  private void request(Connection target, MigrationStep step, Mismatch difference)
      throws SQLException {
    int table = 0;
    while (!plan.tables().get(table).displayName().equals(difference.table())) {
      table++;
    }
    List<String> key = difference.keyValues(plan.tables().get(table).primaryKey().size());
    int source = plan.shardOrdinal(step.source());
    RefetchRequests.add(target, plan.planId(), table, source, key);
  }

  private Set<String> targetsWithStrays(VerificationReport report) {
    Set<String> shards =
        report.strays().stream()
            .map(VerificationReport.StrayTotal::shard)
            .collect(Collectors.toCollection(TreeSet::new));
    shards.retainAll(plan.targets());
    return shards;
  }

  private void requestStrays(String target) {
    onTarget(
        target,
        connection -> {
          for (int table = 0; table < plan.tables().size(); table++) {
            for (String source : plan.sources()) {
              if (!source.equals(target) && !plan.tables().get(table).isReference()) {
                RefetchRequests.addStrays(connection, plan, table, source, target);
              }
            }
          }
          return null;
        });
  }

  private void awaitRequests(JobKeeper keeper) {
    long end = System.nanoTime() + context.options().replicationTimeout().toNanos();
    for (String target : plan.targets()) {
      while (!onTarget(target, one -> RefetchRequests.areMet(one, plan.planId()))) {
        keeper.check(ErrorCode.REPLICATION_FAILED);
        if (System.nanoTime() - end > 0) {
          throw new ReshardingException(
              ErrorCode.REPLICATION_FAILED,
              "the migration job did not fetch the differing rows of " + target + " in time");
        }
        Waiting.sleep(Waiting.POLL);
      }
    }
  }

  /** Work on a target. */
  @FunctionalInterface
  private interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  private <T> T onTarget(String target, Work<T> work) {
    try (Connection connection = context.endpoint(target).connect("reshard repair")) {
      return work.on(connection);
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.TARGET_UNAVAILABLE,
          "the target " + target + " cannot be asked to be repaired: " + e.getMessage(),
          e);
    }
  }
}
