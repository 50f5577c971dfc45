package io.reshard.orchestrator.hook;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.state.Phase;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Other people's code, which may do anything. */
class TimedHooksTest {
  private static final HookEvent EVENT = new HookEvent("op-1", Phase.VERIFYING, "{}");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static Optional<String> ask(CutoverGate gate) {
    return TimedHooks.ask(gate, EVENT, PATIENCE);
  }

  @Test
  void aGateLetsThroughOrSaysWhyNot() {
    assertThat(ask(event -> Optional.empty())).isEmpty();
    assertThat(ask(event -> Optional.of("it is Friday for " + event.operationId())))
        .hasValue("it is Friday for op-1");
  }

  @Test
  void whatAGateThrowsRefuses() {
    CutoverGate broken =
        event -> {
          throw new IllegalStateException("no calendar");
        };
    assertThat(ask(broken)).get().asString().contains("failed", "no calendar");
    assertThat(ask(event -> null)).get().asString().contains("gave no answer");
    CutoverGate worse =
        event -> {
          throw new StackOverflowError("deep");
        };
    assertThat(ask(worse)).get().asString().contains("deep");
  }

  @Test
  void whoeverDoesNotEndIsInterruptedAndRefuses() throws InterruptedException {
    CountDownLatch interrupted = new CountDownLatch(1);
    CutoverGate endless =
        event -> {
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
          return Optional.empty();
        };
    assertThat(TimedHooks.ask(endless, EVENT, Duration.ofMillis(200)))
        .get()
        .asString()
        .contains("did not end within");
    assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aCallbackIsToldAndItsTroubleIsReported() {
    StringBuilder told = new StringBuilder();
    assertThat(TimedHooks.tell(event -> told.append(event.phase()), EVENT, PATIENCE)).isEmpty();
    assertThat(told).hasToString("VERIFYING");
    PhaseCallback broken =
        event -> {
          throw new java.io.IOException("no network");
        };
    assertThat(TimedHooks.tell(broken, EVENT, PATIENCE)).get().asString().contains("no network");
  }
}
