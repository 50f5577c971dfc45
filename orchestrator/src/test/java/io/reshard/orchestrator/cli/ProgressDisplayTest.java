package io.reshard.orchestrator.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.OperationStatus.StepStatus;
import io.reshard.orchestrator.state.Phase;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a person at a terminal sees, and what ends up in a log. */
class ProgressDisplayTest {
  private final StringWriter shown = new StringWriter();
  private final AtomicReference<OperationStatus> status = new AtomicReference<>(copying(10.0, 100));
  private final AtomicReference<List<String>> notes = new AtomicReference<>(List.of());
  private final AtomicInteger asked = new AtomicInteger();

  @AfterEach
  void reset() {
    System.clearProperty("reshard.terminal");
    System.clearProperty("reshard.columns");
  }

  private ProgressDisplay start() {
    MigrationStep step = new MigrationStep("shard-0", "shard-2", "40-80", 1_000, 10_000);
    Plan plan =
        new Plan(
            Plan.FORMAT,
            "op-1",
            null,
            null,
            List.of(),
            List.of(),
            List.of(step),
            List.of(),
            1_000,
            10_000,
            List.of());
    return ProgressDisplay.start(
        new PrintWriter(shown),
        plan,
        () -> {
          asked.incrementAndGet();
          OperationStatus now = status.get();
          if (now == null) {
            throw new ReshardingException(ErrorCode.STATE_STORE_FAILED, "away");
          }
          return now;
        },
        one -> notes.get());
  }

  private static OperationStatus copying(double percent, long rows) {
    return new OperationStatus(
        "op-1",
        Phase.COPYING,
        Phase.PLANNING,
        percent,
        Instant.EPOCH,
        null,
        null,
        null,
        List.of(new StepStatus("shard-0->shard-2", rows, 0, 0, false)),
        List.of(),
        "job",
        List.of());
  }

  private void awaitLooks(int looks) {
    int before = asked.get();
    Awaitility.await().until(() -> asked.get() >= before + looks);
  }

  private void awaitShown(String text) {
    Awaitility.await().until(() -> shown.toString().contains(text));
  }

  /** A pipe gets a line for each change, and says why nothing moves. */
  @Test
  void writesALineForEveryChangeIntoAPipe() {
    ProgressDisplay display = start();
    try {
      awaitShown("op-1 COPYING 10.0 % · 100 of about 1,000 rows");
      awaitLooks(2);
      assertThat(shown.toString().lines()).hasSize(1);
      status.set(null);
      awaitLooks(2);
      status.set(copying(20.0, 300));
      awaitShown("20.0 %");
      notes.set(List.of("No rows have been committed since noon."));
      awaitShown("No rows have been committed since noon.");
      awaitLooks(2);
    } finally {
      display.close();
    }
    assertThat(shown.toString().lines()).hasSize(3);
    assertThat(shown.toString()).doesNotContain("\u001b");
    assertThat(shown.toString().lines().reduce((first, last) -> last).get())
        .contains("about 700 rows, 6.8 KB left · No rows have been committed since noon.");
  }

  @Test
  void drawsOverItselfOnATerminal() {
    System.setProperty("reshard.terminal", "true");
    System.setProperty("reshard.columns", "40");
    notes.set(List.of("a note that is longer than forty columns of a terminal"));
    ProgressDisplay display = start();
    try {
      awaitShown("100 of about 1,000 rows");
      status.set(copying(90.0, 900));
      awaitShown("900 of about 1,000 rows");
    } finally {
      display.close();
    }
    String[] drawings = shown.toString().split("\u001b\\[J", -1);
    assertThat(drawings.length).isGreaterThanOrEqualTo(3);
    // The cursor goes up by as many lines as were drawn, with the wrapped ones.
    String first = drawings[1];
    long lines = first.chars().filter(one -> one == '\n').count();
    assertThat(first).endsWith("\u001b[" + lines + "A");
    assertThat(first.lines().filter(line -> !line.startsWith("\u001b")))
        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(40));
    assertThat(drawings[drawings.length - 1]).contains("900 of about 1,000 rows");
  }
}
