package io.reshard.orchestrator.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.SmallPlans;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store of operations owes its callers. Each test begins with version 1 active. */
abstract class OperationStoreContract {
  private OperationStore store;

  /** An empty store. */
  abstract OperationStore open() throws Exception;

  /** Makes {@code version} of the topology the active one. */
  abstract void activate(long version);

  /** Another process takes the right to drive. */
  abstract void drive(String id);

  @BeforeEach
  void openStore() throws Exception {
    store = open();
  }

  private Operation create(String id) {
    return store.create(SmallPlans.plan(id, 1), Map.of("copyBatchSize", "5"));
  }

  static void assertRefused(ErrorCode code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> {
              assertThat(e.errorCode()).isEqualTo(code);
              assertThat(e.getMessage()).contains(message);
            });
  }

  @Test
  void keepsAnOperationWithItsPlan() {
    Operation created = create("op-1");
    assertThat(created.phase()).isEqualTo(Phase.PLANNING);
    assertThat(created.lastCompletedPhase()).isNull();
    assertThat(store.get("op-1")).isEqualTo(created);
    assertThat(store.plan("op-1")).isEqualTo(SmallPlans.plan("op-1", 1));
    assertThat(store.listActive()).containsExactly(created);
    assertThat(store.history("op-1")).singleElement().matches(one -> one.completedAt() == null);
  }

  @Test
  void takesOneOperationAtATime() {
    create("op-1");
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, "op-1 is active", () -> create("op-2"));
    assertRefused(ErrorCode.INVALID_PHASE_TRANSITION, "op-1 exists already", () -> create("op-1"));
  }

  @Test
  void refusesAPlanOfAnotherVersion() {
    assertRefused(
        ErrorCode.TOPOLOGY_CONFLICT,
        "version 1 is active",
        () -> store.create(SmallPlans.plan("op-1", 7), Map.of()));
    assertThat(store.list()).isEmpty();
  }

  @Test
  void changesByCompareAndSet() {
    Operation first = create("op-1");
    Operation completed = store.complete(first);
    assertThat(completed.lastCompletedPhase()).isEqualTo(Phase.PLANNING);
    assertRefused(
        ErrorCode.INVALID_PHASE_TRANSITION,
        "changed by another process",
        () -> store.enter(first, Phase.COPYING));
    assertThat(store.get("op-1").phase()).isEqualTo(Phase.PLANNING);
    assertThat(store.enter(completed, Phase.COPYING).phase()).isEqualTo(Phase.COPYING);
  }

  @Test
  void refusesTransitionsThatTheDiagramDoesNotHave() {
    Operation operation = create("op-1");
    assertRefused(
        ErrorCode.INVALID_PHASE_TRANSITION,
        "PLANNING and cannot become VERIFYING",
        () -> store.enter(operation, Phase.VERIFYING));
  }

  @Test
  void keepsWhyAnOperationPausesOrFailed() {
    OperationError reason = new OperationError("resharding.source_unavailable", "away");
    Operation paused = store.pause(create("op-1"), reason);
    assertThat(paused.error()).isEqualTo(reason);
    assertThat(paused.phase()).isEqualTo(Phase.PLANNING);
    Operation goesOn = store.pause(paused, null);
    assertThat(goesOn.error()).isNull();
    Operation failed = store.fail(goesOn, reason);
    assertThat(failed.phase()).isEqualTo(Phase.FAILED);
    assertThat(failed.error()).isEqualTo(reason);
    assertThat(store.listActive()).isEmpty();
    assertThat(store.history("op-1"))
        .extracting(PhaseRecord::phase)
        .containsExactly(Phase.PLANNING, Phase.FAILED);
    assertThat(store.history("op-1")).allMatch(one -> one.durationMillis() >= 0);
  }

  @Test
  void beginsNothingWhileWhatAFailedOneHasMadeStands() {
    Operation failed = store.fail(create("op-1"), new OperationError("c", "m"));
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "'reshard rollback op-1' removes that",
        () -> create("op-2"));
    assertThat(store.find("op-2")).isEmpty();
    store.enter(failed, Phase.ROLLED_BACK);
    assertThat(create("op-2").phase()).isEqualTo(Phase.PLANNING);
  }

  @Test
  void doesNotResumeBesideAnotherOperation() {
    Operation failed = store.fail(create("op-1"), new OperationError("c", "m"));
    // Whoever led to this version did not know of the one that had failed.
    activate(2);
    store.create(SmallPlans.plan("op-2", 2), Map.of());
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "is active",
        () -> store.enter(failed, Phase.PLANNING));
  }

  @Test
  void goesOnAfterTheLastCompletedPhase() {
    Operation copying = store.enter(store.complete(create("op-1")), Phase.COPYING);
    assertThat(copying.resumePhase()).isEqualTo(Phase.COPYING);
    Operation failed = store.fail(copying, new OperationError("c", "m"));
    assertThat(failed.resumePhase()).isEqualTo(Phase.COPYING);
    Operation again = store.complete(store.enter(failed, Phase.COPYING));
    assertThat(again.resumePhase()).isEqualTo(Phase.REPLICATING);
    assertThat(again.error()).isNull();
  }

  @Test
  void forgetsOnlyWhatIsOver() {
    Operation operation = create("op-1");
    assertRefused(
        ErrorCode.INVALID_PHASE_TRANSITION, "only a finished one", () -> store.delete("op-1"));
    store.enter(operation, Phase.ROLLED_BACK);
    store.delete("op-1");
    assertThat(store.find("op-1")).isEmpty();
    assertRefused(ErrorCode.RESHARDING_NOT_FOUND, "'op-1'", () -> store.get("op-1"));
  }

  @Test
  void changesNothingForADriverThatHasBeenOvertaken() {
    create("op-1");
    drive("op-1");
    Operation seen = store.get("op-1");
    drive("op-1");
    Operation before = store.get("op-1");
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, "taken over", () -> store.complete(seen));
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "taken over",
        () -> store.get("op-1", seen.driverToken()));
    assertThat(store.get("op-1")).isEqualTo(before);
  }

  @Test
  void takesOneOfThoseThatComeAtOnce() {
    List<CompletableFuture<Operation>> creations =
        IntStream.range(0, 8)
            .mapToObj(n -> CompletableFuture.supplyAsync(() -> create("op-" + n)))
            .toList();
    assertThat(creations)
        .filteredOn(one -> one.handle((created, failure) -> failure == null).join())
        .hasSize(1);
    assertThat(creations)
        .filteredOn(CompletableFuture::isCompletedExceptionally)
        .allSatisfy(
            one ->
                assertThatThrownBy(one::join)
                    .hasCauseInstanceOf(ReshardingException.class)
                    .hasMessageContaining(ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED.code()));
    assertThat(store.list()).hasSize(1);
  }
}
