package io.reshard.orchestrator.state;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** How an operation begins, inside the caller's transaction: none may begin beside another one. */
final class OperationCreation {
  private static final String WAIT = "SET LOCAL lock_timeout = '5s'";

  private OperationCreation() {}

  /**
   * The active operation is asked for first: a clean-up, which is one, keeps the row of the active
   * topology locked for as long as it deletes. One that is completed, and cleans up what it has
   * left behind, is found by that lock alone, so the lock is not waited for without a bound.
   */
  static Operation create(
      Handle handle, Plan plan, Map<String, String> options, Optional<Phase> holdAfter) {
    handle.execute(WAIT);
    int inserted =
        handle.execute(
            "INSERT INTO operation (id, phase, plan, options, hold_after)"
                + " VALUES (?, ?, ?::jsonb, ?::jsonb, ?) ON CONFLICT DO NOTHING",
            plan.planId(),
            Phase.PLANNING.name(),
            Documents.toJson(plan),
            Documents.toJson(options),
            holdAfter.map(Phase::name).orElse(null));
    if (inserted == 0) {
      throw notAlone(handle, plan.planId());
    }
    requireActive(handle, plan);
    requireNoneFailed(handle, plan);
    OperationRows.enterHistory(handle, plan.planId(), Phase.PLANNING);
    return OperationRows.find(handle, plan.planId()).orElseThrow();
  }

  private static void requireActive(Handle handle, Plan plan) {
    long active =
        handle
            .createQuery("SELECT version FROM active_topology FOR SHARE")
            .mapTo(Long.class)
            .findOne()
            .orElse(0L);
    if (active != plan.source().version()) {
      throw new ReshardingException(
          ErrorCode.TOPOLOGY_CONFLICT,
          "plan "
              + plan.planId()
              + " was made against version "
              + plan.source().version()
              + " of the topology, but version "
              + active
              + " is active; plan again");
    }
  }

  /**
   * What a failed operation has made still stands: its job may run, and a rollback of it would take
   * for its own what a later operation has copied. Asked after the insert, which waits for one that
   * is just failing.
   */
  private static void requireNoneFailed(Handle handle, Plan plan) {
    Optional<String> failed =
        handle
            .createQuery(
                "SELECT id FROM operation WHERE phase = 'FAILED'"
                    + " AND (plan #>> '{source,version}')::bigint = ? LIMIT 1")
            .bind(0, plan.source().version())
            .mapTo(String.class)
            .findOne();
    if (failed.isPresent()) {
      throw new ReshardingException(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "operation %1$s has failed, and what it has made still stands; 'reshard rollback %1$s' removes that, 'reshard resume %1$s' goes on with it"
              .formatted(failed.get()));
    }
  }

  private static ReshardingException notAlone(Handle handle, String id) {
    if (OperationRows.find(handle, id).isPresent()) {
      return new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation " + id + " exists already; 'reshard resume " + id + "' goes on with it");
    }
    return concurrent(
        OperationRows.list(handle).stream()
            .filter(operation -> !operation.phase().terminal())
            .map(Operation::id)
            .findFirst()
            .orElse("?"));
  }

  static ReshardingException concurrent(String other) {
    return new ReshardingException(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "operation " + other + " is active; wait for it, or roll it back, before the next one");
  }
}
