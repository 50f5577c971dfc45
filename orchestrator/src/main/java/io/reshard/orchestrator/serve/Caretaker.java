package io.reshard.orchestrator.serve;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.Orchestrator;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives whatever operation nobody drives. There is at most one that is not over, so one thread
 * suffices. Of several caretakers of one control database one works, and the others stand by.
 */
public final class Caretaker {
  private static final Logger LOG = LoggerFactory.getLogger(Caretaker.class);

  /** No operation is called like this: an id has no blank. */
  private static final String LOCK = "the caretaker";

  private static final Duration LOOK = Duration.ofSeconds(2);
  private static final int RESTS_AFTER_FAILURE = 15;

  private final ControlDatabase control;
  private final Orchestrator orchestrator;
  private final OperationStore store;
  private final Duration look;
  private Optional<DriverLock> lock = Optional.empty();
  private String undriven;
  private int rests;

  public Caretaker(ControlDatabase control, Orchestrator orchestrator) {
    this(control, orchestrator, LOOK);
  }

  Caretaker(ControlDatabase control, Orchestrator orchestrator, Duration look) {
    this.control = control;
    this.orchestrator = orchestrator;
    this.store = new PostgresOperationStore(control);
    this.look = look;
  }

  /** The process that takes care of operations, if there is one. */
  public static Optional<String> present(ControlDatabase control) {
    return DriverLock.holder(control, LOCK);
  }

  /** Goes on until the thread is interrupted. */
  public void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        lookSafely();
        Thread.sleep(look.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.ifPresent(DriverLock::close);
    }
  }

  private void lookSafely() {
    try {
      if (holdsLock() && rests-- <= 0) {
        rests = 0;
        waiting().ifPresent(this::drive);
      }
    } catch (ReshardingException e) {
      LOG.info("the operations cannot be looked at: {}", e.getMessage());
    }
  }

  private boolean holdsLock() {
    try {
      if (lock.isPresent()) {
        lock.get().requireHeld();
      } else {
        lock = Optional.of(DriverLock.acquire(control.endpoint(), LOCK, false));
        LOG.info("this process takes care of operations from now on");
      }
      return true;
    } catch (ReshardingException e) {
      if (e.errorCode() != ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED) {
        throw e;
      }
      lock = Optional.empty();
      return false;
    }
  }

  /**
   * An operation that nobody drove at the last look either: who has just stored one is about to
   * drive it.
   */
  private Optional<Operation> waiting() {
    Optional<Operation> found =
        store.listActive().stream()
            .filter(one -> !one.held())
            .filter(one -> DriverLock.holder(control, one.id()).isEmpty())
            .findFirst();
    String id = found.map(Operation::id).orElse(null);
    boolean again = id != null && id.equals(undriven);
    undriven = id;
    return again ? found : Optional.empty();
  }

  private void drive(Operation operation) {
    LOG.info("driving operation {} from {}", operation.id(), operation.phase());
    try {
      Operation driven =
          orchestrator.resume(operation.id(), Optional.ofNullable(operation.holdAfter()));
      LOG.info("operation {} is {} now", driven.id(), driven.phase());
    } catch (RuntimeException e) {
      // The operation has it in its state; what still pauses is taken up again after a rest.
      LOG.info("operation {} is left alone for a while: {}", operation.id(), e.getMessage(), e);
      rests = RESTS_AFTER_FAILURE;
    }
  }
}
