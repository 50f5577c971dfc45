package io.reshard.orchestrator.phase;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.VerificationProgress;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PhaseRecord;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Puts together the status of operations from the control database alone. Thread-safe. */
public final class StatusReader {
  // How much of the way the end of a phase stands for, in percent.
  private static final Map<Phase, Double> REACHED =
      Map.of(
          Phase.PLANNING, 2.0,
          Phase.COPYING, 70.0,
          Phase.REPLICATING, 75.0,
          Phase.VERIFYING, 90.0,
          Phase.CUTTING_OVER, 95.0,
          Phase.CLEANING_UP, 100.0,
          Phase.COMPLETED, 100.0);
  private static final Duration SHORTEST_RATE = Duration.ofSeconds(2);

  private final ControlDatabase control;
  private final OperationStore store;
  private final ThrottleStore throttles;
  private final Map<String, Plan> plans = new ConcurrentHashMap<>();

  public StatusReader(ControlDatabase control) {
    this.control = control;
    this.store = new PostgresOperationStore(control);
    this.throttles = new ThrottleStore(control);
  }

  /** The status of an operation; {@code resharding_not_found} if there is none of that id. */
  public OperationStatus read(String id) {
    Operation operation = store.get(id);
    Plan plan = plans.computeIfAbsent(id, store::plan);
    JobProgress progress = new JobProgress(control, id);
    Map<String, Long> copied = copiedPerStep(plan, progress.copiedRows());
    List<PhaseRecord> history = store.history(id);
    double copiedShare = copiedShare(plan, copied);
    Optional<VerificationProgress> verified = verified(plan);
    double share =
        operation.phase() == Phase.VERIFYING
            ? verified.map(VerificationProgress::share).orElse(0.0)
            : copiedShare;
    return new OperationStatus(
        id,
        operation.phase(),
        operation.lastCompletedPhase(),
        percent(operation, share),
        operation.startedAt(),
        secondsLeft(operation, progress, history, copiedShare, verified),
        lagMillis(operation, plan),
        operation.error(),
        steps(plan, copied, progress.replicatedRows(), verified),
        history.stream()
            .map(
                one ->
                    new OperationStatus.PhasePassage(
                        one.phase(), one.startedAt(), one.completedAt(), one.durationMillis()))
            .toList(),
        operation.jobId(),
        reads(operation) ? throttles.pauses(id) : List.of());
  }

  /** Whether it is in a phase that reads all rows, which can be held back. */
  private static boolean reads(Operation operation) {
    return operation.phase() == Phase.COPYING || operation.phase() == Phase.VERIFYING;
  }

  /** The plan of an operation whose status was read. */
  public Plan plan(String id) {
    return plans.computeIfAbsent(id, store::plan);
  }

  private static List<OperationStatus.StepStatus> steps(
      Plan plan,
      Map<String, Long> copied,
      Map<String, Long> replicated,
      Optional<VerificationProgress> verified) {
    Map<String, VerificationReport.StepTotal> totals =
        verified.stream()
            .flatMap(run -> run.report().steps().stream())
            .collect(Collectors.toMap(VerificationReport.StepTotal::step, total -> total));
    return plan.steps().stream()
        .map(MigrationStep::name)
        .map(
            step -> {
              Optional<VerificationReport.StepTotal> total = Optional.ofNullable(totals.get(step));
              return new OperationStatus.StepStatus(
                  step,
                  copied.getOrDefault(step, 0L),
                  replicated.getOrDefault(step, 0L),
                  total.map(VerificationReport.StepTotal::sourceRows).orElse(0L),
                  total.filter(VerificationReport.StepTotal::verified).isPresent());
            })
        .toList();
  }

  private Optional<VerificationProgress> verified(Plan plan) {
    return new VerificationRuns(control, plan)
        .newest().stream()
            .findFirst()
            .map(run -> VerificationProgress.read(control, plan, run.run()));
  }

  /** Sums {@code SPLIT:TARGET} up to {@code SOURCE->TARGET}. */
  static Map<String, Long> copiedPerStep(Plan plan, Map<String, Long> copied) {
    Map<Integer, String> sources =
        plan.splits().stream().collect(Collectors.toMap(Split::id, Split::source));
    Map<String, Long> perStep = new HashMap<>();
    copied.forEach(
        (subject, rows) -> {
          int colon = subject.indexOf(':');
          String source = sources.get(Integer.valueOf(subject.substring(0, colon)));
          perStep.merge(source + "->" + subject.substring(colon + 1), rows, Long::sum);
        });
    return perStep;
  }

  private static double copiedShare(Plan plan, Map<String, Long> copied) {
    long rows = copied.values().stream().mapToLong(Long::longValue).sum();
    return plan.totalRows() == 0 ? 1.0 : Math.min(1.0, (double) rows / plan.totalRows());
  }

  private static double percent(Operation operation, double share) {
    Phase completed = operation.lastCompletedPhase();
    double reached = completed == null ? 0.0 : REACHED.get(completed);
    double percent =
        reads(operation) && !operation.phaseCompleted()
            ? reached + share * (REACHED.get(operation.phase()) - reached)
            : reached;
    return operation.phase() == Phase.COMPLETED ? 100.0 : Math.round(percent * 10) / 10.0;
  }

  /** Of a copy that stands still, nobody can say when it will be over. */
  private static boolean moving(Operation operation, JobProgress progress) {
    return operation.phase() == Phase.COPYING
        && operation.error() == null
        && progress
            .lastCopied()
            .filter(last -> last.isAfter(Instant.now().minus(Hindrances.STALL)))
            .isPresent();
  }

  /**
   * The time that the copy will still take at its average rate, and the verification at its present
   * one. Other phases end when the lag or a person says so: of those nothing honest can be said.
   */
  private static Long secondsLeft(
      Operation operation,
      JobProgress progress,
      List<PhaseRecord> history,
      double copiedShare,
      Optional<VerificationProgress> verified) {
    if (operation.phase() == Phase.VERIFYING && !operation.phaseCompleted()) {
      OptionalLong left =
          verified.map(VerificationProgress::secondsLeft).orElse(OptionalLong.empty());
      return left.isPresent() ? (Long) left.getAsLong() : null;
    }
    if (!moving(operation, progress) || history.isEmpty()) {
      return null;
    }
    Duration elapsed = Duration.between(history.get(history.size() - 1).startedAt(), Instant.now());
    if (copiedShare <= 0 || copiedShare >= 1.0 || elapsed.compareTo(SHORTEST_RATE) < 0) {
      return null;
    }
    return Math.round(elapsed.toSeconds() * (1 - copiedShare) / copiedShare);
  }

  /** After the switch it is the lag of the way back, for as long as a job keeps that. */
  private Long lagMillis(Operation operation, Plan plan) {
    boolean back = operation.phase() == Phase.CLEANING_UP;
    if (operation.phase().terminal() || (back && operation.jobId() == null)) {
      return null;
    }
    Plan running = back ? plan.reversed() : plan;
    OptionalLong frontier = new JobProgress(control, running.planId()).frontier();
    return frontier.isEmpty()
        ? null
        : Math.max(0, System.currentTimeMillis() - frontier.getAsLong());
  }
}
