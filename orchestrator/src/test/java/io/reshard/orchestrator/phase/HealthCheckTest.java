package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a check says when the control database does not. */
class HealthCheckTest {
  private static final Duration HOURS = Duration.ofHours(2);

  @Test
  void timesOutEachTimeAnew() {
    CountDownLatch never = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    HealthCheck check =
        new HealthCheck(
            () -> {
              asked.incrementAndGet();
              await(never);
              return null;
            },
            HOURS,
            Duration.ofSeconds(1));
    // One more than a pool that is shared with others would have threads.
    int rounds = Runtime.getRuntime().availableProcessors() + 1;
    for (int round = 1; round <= rounds; round++) {
      HealthReport report = check.check();
      assertThat(report.status()).isEqualTo(HealthReport.Status.UNHEALTHY);
      assertThat(report.description()).isEqualTo("Resharding health check timed out after 1s.");
      assertThat(report.data()).containsEntry("activeCount", 0).containsKey("error");
      assertThat(asked).hasValue(round);
    }
    never.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void tellsThatTheStateCannotBeRead() {
    HealthReport report =
        new HealthCheck(
                () -> {
                  throw new ReshardingException(ErrorCode.STATE_STORE_FAILED, "no route");
                },
                HOURS,
                Duration.ofSeconds(30))
            .check();
    assertThat(report.status()).isEqualTo(HealthReport.Status.UNHEALTHY);
    assertThat(report.description()).isEqualTo("Failed to query resharding state: no route");
    assertThat(report.data()).containsEntry("activeCount", 0).containsEntry("error", "no route");
  }
}
