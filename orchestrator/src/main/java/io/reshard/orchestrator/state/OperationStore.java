package io.reshard.orchestrator.state;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is stored of the operations, so that any process can go on with one that another has left.
 * Every change is atomic, and made only if the operation still is what the caller has read: who
 * loses gets {@code invalid_phase_transition} and must read again, or {@code
 * concurrent_resharding_not_allowed} if another process has taken the right to drive since. A store
 * that does not answer is {@code state_store_failed}: then a change may have been made or not.
 * Thread-safe.
 */
public interface OperationStore {
  /**
   * Stores a new operation in the phase PLANNING; its id is the plan's. {@code
   * concurrent_resharding_not_allowed} while another one is active, or has failed and left
   * something behind; {@code topology_conflict} if the plan was made against another version of the
   * topology than the active one.
   *
   * @param options what the operator chose, for the record
   * @param holdAfter the phase behind which it waits for a person
   */
  Operation create(Plan plan, Map<String, String> options, Optional<Phase> holdAfter);

  /** The same for an operation that goes the whole way. */
  default Operation create(Plan plan, Map<String, String> options) {
    return create(plan, options, Optional.empty());
  }

  Optional<Operation> find(String id);

  /** The operation; {@code resharding_not_found} if there is none of that id. */
  default Operation get(String id) {
    return find(id)
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.RESHARDING_NOT_FOUND,
                    "there is no operation '" + id + "'; 'reshard list' shows all"));
  }

  /**
   * The operation as it stands, for the driver with {@code token}; {@code
   * concurrent_resharding_not_allowed} if another one has taken over since.
   */
  default Operation get(String id, long token) {
    return get(id).requireToken(token);
  }

  /** The plan of an operation that exists. */
  Plan plan(String id);

  /** Every operation, the newest first. */
  List<Operation> list();

  /** The ids of all operations, of finished ones too. */
  default List<String> ids() {
    return list().stream().map(Operation::id).toList();
  }

  /** The operations that are not in a terminal phase. */
  default List<Operation> listActive() {
    return list().stream().filter(operation -> !operation.phase().terminal()).toList();
  }

  /** Every passage through a phase, the oldest first. */
  List<PhaseRecord> history(String id);

  /** Marks the current phase as completed; it stays the current one. */
  Operation complete(Operation operation);

  /** Enters {@code next} and forgets the error. */
  Operation enter(Operation operation, Phase next);

  /** Ends the operation as FAILED. */
  Operation fail(Operation operation, OperationError error);

  /** Completes CLEANING_UP although it failed: the error stays in the result. */
  Operation completeWithError(Operation operation, OperationError error);

  /** Notes why the operation pauses, or with null that it goes on; the phase stays. */
  Operation pause(Operation operation, OperationError reason);

  /** Notes the Flink job that is about to be submitted, and what it starts from (or null). */
  Operation recordJob(Operation operation, String jobId, String checkpointPath);

  /**
   * Notes how far the operation is to be driven; by whom, {@link DriverLock} does.
   *
   * @param holdAfter the phase behind which it waits for a person
   */
  Operation recordHold(Operation operation, Optional<Phase> holdAfter);

  /** Forgets an operation that is terminal; {@code invalid_phase_transition} if it is not. */
  void delete(String id);
}
