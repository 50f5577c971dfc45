package io.reshard.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JobRegistryITCase {
  private static final String OPERATION = "20260102-abcdef01";

  private ControlDatabase control;
  private JobRegistry registry;

  @BeforeEach
  void createControlDatabase() throws SQLException {
    control = TestControl.create();
    // Twice: it must do nothing where the schema is current.
    registry = new JobRegistry(control.migrate());
  }

  @Test
  void givesEverySubmissionAGenerationOfItsOwn() throws Exception {
    List<Callable<Integer>> submissions = new ArrayList<>();
    for (int number = 0; number < 20; number++) {
      submissions.add(() -> registry.nextGeneration(OPERATION).generation());
    }
    assertThat(runAll(submissions))
        .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, 20).boxed().toList());
    assertThat(registry.nextGeneration("another").generation()).isEqualTo(1);
  }

  @Test
  void givesAllSubtasksOfAnAttemptOneEpoch() throws Exception {
    int generation = registry.nextGeneration(OPERATION).generation();
    for (int attempt = 1; attempt <= 5; attempt++) {
      String execution = "execution-" + attempt;
      List<Callable<Epoch>> subtasks = new ArrayList<>();
      for (int subtask = 0; subtask < 8; subtask++) {
        subtasks.add(() -> registry.epoch(OPERATION, generation, execution));
      }
      assertThat(runAll(subtasks)).containsOnly(new Epoch(generation, attempt));
    }
    assertThat(registry.epoch(OPERATION, generation, "execution-2"))
        .isEqualTo(new Epoch(generation, 2));
  }

  @Test
  void numbersAttemptsOfDifferentExecutionsApart() throws Exception {
    int generation = registry.nextGeneration(OPERATION).generation();
    List<Callable<Epoch>> executions = new ArrayList<>();
    for (int number = 0; number < 10; number++) {
      String execution = "execution-" + number;
      executions.add(() -> registry.epoch(OPERATION, generation, execution));
    }
    assertThat(runAll(executions)).doesNotHaveDuplicates();
    int next = registry.nextGeneration(OPERATION).generation();
    assertThat(registry.epoch(OPERATION, next, "execution-0")).isEqualTo(new Epoch(next, 1));
  }

  @Test
  void startsNothingAnyMoreOnceARemovalHasBegun() {
    registry.nextGeneration(OPERATION);
    new CaptureRegistry(control, OPERATION).beginRemoval(CaptureTurn.END);
    assertThatThrownBy(() -> registry.nextGeneration(OPERATION))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.EPOCH_SUPERSEDED))
        .hasMessageContaining("does not start any more");
    assertThat(registry.nextGeneration("another").generation()).isEqualTo(1);
  }

  @Test
  void ordersEpochs() {
    assertThat(new Epoch(1, 9)).isLessThan(new Epoch(2, 1));
    assertThat(new Epoch(2, 1)).isLessThan(new Epoch(2, 2));
    assertThat(new Epoch(2, 2)).hasToString("2.2");
  }

  private static <T> List<T> runAll(List<Callable<T>> tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
