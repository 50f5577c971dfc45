package io.reshard.core.control;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whether the targets are known to equal their sources at this moment: a run of the verification
 * has compared everything, and since it began the same attempt of the job has gone on and checked
 * each of its writes. Thread-safe.
 */
public final class CurrentVerification {
  private final Plan plan;
  private final VerificationMode required;
  private final VerificationRuns runs;
  private final VerificationStore store;
  private final JobProgress progress;

  /**
   * @param required what the run must have compared at least
   */
  public CurrentVerification(ControlDatabase control, Plan plan, VerificationMode required) {
    this.plan = plan;
    this.required = required;
    this.runs = new VerificationRuns(control, plan);
    this.store = new VerificationStore(control);
    this.progress = new JobProgress(control, plan.planId());
  }

  /**
   * The run that holds; {@code verification_stale} says why there is none. A run in progress, or
   * one that left something undecided, proves nothing in either direction.
   */
  public VerificationRun require() {
    JobPosition now = progress.position();
    List<VerificationRun> open = openDifferences();
    if (!open.isEmpty()) {
      throw stale(
          "the run %s (%s) has found differences, and no later one that compares as much found none"
              .formatted(open.get(0).run(), open.get(0).mode()));
    }
    Optional<String> objection = Optional.empty();
    for (VerificationRun run : runs.newest()) {
      if (run.mode().covers(required) && store.report(plan, run.run(), 0).consistent()) {
        if (run.since().frontier().isPresent() && now.continues(run.since())) {
          return run;
        }
        objection = objection.or(() -> Optional.of(objection(run, now)));
      }
    }
    throw stale(objection.orElse("no verification by " + required + " is complete"));
  }

  /**
   * What the next run must compare for the targets to be known to equal their sources: what is
   * required, or more, if a run that compared more has found differences.
   */
  public VerificationMode needed() {
    return openDifferences().stream()
        .map(VerificationRun::mode)
        .reduce(required, (one, other) -> one.covers(other) ? one : other);
  }

  /**
   * The runs that found differences which are not known to be gone, the newest first. A later run
   * that compares less proves nothing about them: (1) CHECKSUM names rows that differ; (2) COUNT
   * finds as many rows on either side; (3) the rows still differ.
   */
  private List<VerificationRun> openDifferences() {
    List<VerificationRun> open = new ArrayList<>();
    Set<VerificationMode> passed = EnumSet.noneOf(VerificationMode.class);
    for (VerificationRun run : runs.newest()) {
      if (passed.stream().noneMatch(mode -> mode.covers(run.mode()))) {
        VerificationReport report = store.report(plan, run.run(), 0);
        if (report.mismatches() > 0) {
          open.add(run);
        } else if (report.consistent()) {
          passed.add(run.mode());
        }
      }
    }
    return open;
  }

  private static String objection(VerificationRun run, JobPosition now) {
    if (run.since().frontier().isEmpty()) {
      return "when the run " + run.run() + " began, nothing was replicated yet";
    }
    return now.epoch().equals(run.since().epoch())
        ? "since the run " + run.run() + ", rows were written that do not read back as they were"
        : "since the run " + run.run() + " the job was started again";
  }

  private ReshardingException stale(String reason) {
    return new ReshardingException(
        ErrorCode.VERIFICATION_STALE,
        "the targets are not known to equal their sources now: "
            + reason
            + "; 'reshard verify "
            + plan.forwardId()
            + " --mode "
            + needed()
            + "' compares them again");
  }
}
