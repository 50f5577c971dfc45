package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.state.Milestone;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every milestone of an operation, and every fault there: real commands in processes of their own,
 * real servers and jobs, under write load. Whatever the fault, it ends completed, or with the old
 * topology in force and writable; the writers' own history decides whether anything was lost.
 *
 * <p>{@code -Dreshard.cells=REGEX} picks cells of the whole table by their names.
 */
@Tag("cluster")
class FaultMatrixITCase {
  /** What is left of the cutover's time is short, where it is to run out. */
  private static final String IMPATIENT = "4s";

  private static final String PATIENT = "30s";
  private static final String LONGER = "6000";
  private static final long PAST_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(5);

  @TempDir static Path shared;
  private static EmbeddedCluster cluster;

  @TempDir Path folder;

  @BeforeAll
  static void startCluster() {
    cluster =
        EmbeddedCluster.start(
            EmbeddedCluster.ANY_PORT,
            shared.resolve("flink"),
            shared.resolve("checkpoints").toUri().toString(),
            2);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  /** What happens to the process at the milestone. */
  enum Fault {
    KILL,
    FREEZE,
    FAIL,
    TIMEOUT
  }

  /** The command that is interrupted, and what has come before it. */
  enum Course {
    /** {@code start}. */
    START(Milestone.PLANNING_DONE, Milestone.AFTER_VERIFYING),
    /** {@code resume} of what failed while it was planned. */
    RETRY(Milestone.BEFORE_PLANNING, Milestone.IN_PLANNING),
    /** {@code resume} of what is verified: the switch, and what follows it at once. */
    SWITCH(Milestone.BEFORE_CUTTING_OVER, Milestone.FOREIGN_KEYS_VALID),
    /** {@code resume} of what was killed right before its switch. */
    UNDO(Milestone.ATTEMPT_SETTLED, Milestone.WRITES_ALLOWED),
    /** {@code resume} of what the gate refuses. */
    REFUSAL(Milestone.BEFORE_FAILED, Milestone.IN_FAILED),
    /** {@code complete}. */
    CLEAN_UP(Milestone.WAY_BACK_CLOSED, Milestone.IN_COMPLETED),
    /** {@code rollback} before the switch. */
    ROLLBACK(Milestone.CUTOVER_TAKEN_BACK, Milestone.IN_ROLLED_BACK),
    /** {@code rollback} after the switch: its own steps. */
    WAY_BACK(Milestone.CUTOVER_TAKEN_BACK, Milestone.IN_ROLLED_BACK),
    /** {@code rollback} after the switch: the steps of the switch back. */
    SWITCH_BACK(Milestone.GATE_PASSED, Milestone.FENCES_SWEPT);

    private final Milestone first;
    private final Milestone last;

    Course(Milestone first, Milestone last) {
      this.first = first;
      this.last = last;
    }

    Set<Milestone> milestones() {
      return EnumSet.range(first, last);
    }

    String command() {
      return switch (this) {
        case START -> "start";
        case RETRY, SWITCH, UNDO, REFUSAL -> "resume";
        case CLEAN_UP -> "complete";
        case ROLLBACK, WAY_BACK, SWITCH_BACK -> "rollback";
      };
    }

    boolean goesBack() {
      return command().equals("rollback");
    }
  }

  /** A cell of the table. */
  record Cell(Course course, Milestone milestone, Fault fault) {
    @Override
    public String toString() {
      return course + " " + milestone + " " + fault;
    }
  }

  static Stream<Cell> cells() {
    String wanted = System.getProperty("reshard.cells", ".*");
    return allCells().filter(cell -> cell.toString().matches(wanted));
  }

  private static Stream<Cell> allCells() {
    return Stream.of(Course.values())
        .flatMap(
            course ->
                course.milestones().stream()
                    .flatMap(
                        milestone ->
                            faults(course, milestone)
                                .map(fault -> new Cell(course, milestone, fault))));
  }

  /** Only the steps of the window can run out of time. */
  private static Stream<Fault> faults(Course course, Milestone milestone) {
    boolean timed =
        (course == Course.SWITCH || course == Course.SWITCH_BACK)
            && EnumSet.range(Milestone.ATTEMPT_OPENED, Milestone.RELEASED).contains(milestone);
    return Stream.of(Fault.values()).filter(fault -> fault != Fault.TIMEOUT || timed);
  }

  /**
   * What every build plays: an early failure, and the worst moments of a cutover and its undoing.
   */
  static Stream<Cell> someCells() {
    return Stream.of(
        new Cell(Course.RETRY, Milestone.IN_PLANNING, Fault.KILL),
        new Cell(Course.SWITCH, Milestone.FENCING, Fault.KILL),
        new Cell(Course.SWITCH, Milestone.REVOKED, Fault.FREEZE),
        new Cell(Course.UNDO, Milestone.SESSIONS_ENDED, Fault.FAIL));
  }

  @Test
  void everyMilestoneIsInTheTable() {
    assertThat(allCells().map(Cell::milestone).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(Milestone.values());
  }

  @Test
  void aStraightRunPassesEveryMilestoneInOrder() throws Exception {
    try (InterruptedOperation operation = InterruptedOperation.begin(folder, cluster)) {
      assertThat(operation.exitOf(operation.start("start", "note"))).as(operation::said).isZero();
      assertThat(operation.exitOf(operation.start("complete", "note"))).isZero();
      List<String> passed =
          operation
              .said()
              .lines()
              .filter(line -> line.contains("passed "))
              .map(line -> line.replaceFirst(".*passed ", ""))
              .distinct()
              .toList();
      List<Milestone> inside = List.of(Milestone.FENCING, Milestone.REVOKING, Milestone.RELEASING);
      assertThat(passed)
          .containsAll(inside.stream().map(Milestone::name).toList())
          .containsExactlyElementsOf(
              EnumSet.range(Milestone.PLANNING_DONE, Milestone.IN_COMPLETED).stream()
                  .map(Milestone::name)
                  .toList());
      assertThat(operation.requireSound()).isTrue();
      operation.requireNothingLeft();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("someCells")
  void endsRight(Cell cell) throws Exception {
    playAndNote(cell);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cells")
  @Tag("long")
  void endsRightInEveryCell(Cell cell) throws Exception {
    playAndNote(cell);
  }

  private void playAndNote(Cell cell) throws Exception {
    long begun = System.nanoTime();
    String end;
    try (InterruptedOperation operation = InterruptedOperation.begin(folder, cluster)) {
      prepare(cell, operation);
      end = play(cell, operation);
    }
    Files.writeString(
        Path.of("target", "fault-matrix.txt"),
        "%s: %s (%d s)%n"
            .formatted(cell, end, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun)),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private static void prepare(Cell cell, InterruptedOperation operation) throws Exception {
    switch (cell.course()) {
      case START -> {}
      case RETRY ->
          assertThat(operation.exitOf(operation.start("start", Milestone.PLANNING_DONE + ":fail")))
              .isNotZero();
      case SWITCH, ROLLBACK -> operation.driveUntil(Phase.VERIFYING);
      case REFUSAL -> {
        operation.driveUntil(Phase.VERIFYING);
        operation.option("onCutoverStarting", "/bin/false");
      }
      case UNDO -> {
        operation.driveUntil(Phase.VERIFYING);
        operation.awaitKilled(operation.start("resume", Milestone.REVOKED + ":kill"));
      }
      case CLEAN_UP, WAY_BACK, SWITCH_BACK -> operation.driveUntil(null);
    }
    if (cell.fault() == Fault.TIMEOUT || cell.fault() == Fault.FREEZE) {
      operation.option("cutoverTimeout", IMPATIENT);
    }
  }

  private static String play(Cell cell, InterruptedOperation operation) throws Exception {
    String how =
        cell.fault() == Fault.TIMEOUT ? LONGER : cell.fault().name().toLowerCase(Locale.ROOT);
    Process process = operation.start(cell.course().command(), cell.milestone() + ":" + how);
    return switch (cell.fault()) {
      case KILL -> killed(cell, operation, process);
      case FREEZE -> frozen(cell, operation, process);
      case FAIL, TIMEOUT -> failed(cell, operation, process);
    };
  }

  private static String killed(Cell cell, InterruptedOperation operation, Process process)
      throws Exception {
    operation.awaitKilled(process);
    if (!cell.course().goesBack()) {
      return goneOn(cell, operation);
    }
    // Whoever does not know that it was being rolled back resumes it: that must do no harm.
    operation.run("resume");
    operation.requireSound();
    if (operation.phase() != Phase.ROLLED_BACK && operation.phase() != Phase.COMPLETED) {
      operation.succeed("rollback");
    }
    return ended(operation);
  }

  /** Frozen beyond its time, taken back by another process, and thawed. */
  private static String frozen(Cell cell, InterruptedOperation operation, Process process)
      throws Exception {
    operation.awaitFrozen(process);
    operation.option("cutoverTimeout", PATIENT);
    long since = System.nanoTime();
    try {
      if (!operation.phase().terminal() || operation.phase() == Phase.FAILED) {
        operation.succeed(cell.course() == Course.CLEAN_UP ? "complete" : "rollback");
      }
      Awaitility.await().until(() -> System.nanoTime() - since > PAST_TIMEOUT_NANOS);
    } finally {
      InterruptedOperation.thaw(process);
    }
    operation.exitOf(process);
    return ended(operation);
  }

  private static String failed(Cell cell, InterruptedOperation operation, Process process)
      throws Exception {
    int exit = operation.exitOf(process);
    assertThat(operation.said()).contains("interrupted at " + cell.milestone());
    boolean switched = operation.requireSound();
    if (exit == 0) {
      // Behind a switch it goes forward by itself.
      assertThat(switched).isNotEqualTo(cell.course().goesBack());
      return "gone on, " + ended(operation);
    }
    String meanwhile = switched ? "new topology, writable, " : "old topology, writable, ";
    return meanwhile + goneOn(cell, operation);
  }

  /** What an operator would type, and how it ends. */
  private static String goneOn(Cell cell, InterruptedOperation operation) throws Exception {
    Phase phase = operation.phase();
    if (phase != Phase.ROLLED_BACK && phase != Phase.COMPLETED) {
      operation.option("cutoverTimeout", PATIENT);
      switch (cell.course()) {
        case START, RETRY, SWITCH, UNDO -> operation.succeed("resume");
        case REFUSAL -> operation.run("resume");
        case CLEAN_UP -> operation.succeed("complete");
        case ROLLBACK, WAY_BACK, SWITCH_BACK -> operation.succeed("rollback");
      }
    }
    return ended(operation);
  }

  private static String ended(InterruptedOperation operation) throws Exception {
    boolean switched = operation.requireSound();
    Phase phase = operation.phase();
    boolean forward = phase == Phase.CLEANING_UP || phase == Phase.COMPLETED;
    assertThat(switched).as("%s\n%s", phase, operation.said()).isEqualTo(forward);
    if (phase == Phase.COMPLETED || phase == Phase.ROLLED_BACK) {
      operation.requireNothingLeft();
    }
    return forward ? "completed" : "old topology, writable";
  }
}
