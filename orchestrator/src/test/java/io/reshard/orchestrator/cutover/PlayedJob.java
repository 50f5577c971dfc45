package io.reshard.orchestrator.cutover;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.orchestrator.demo.LiveSystem;

/** What a migration job and a verification report, without one. */
final class PlayedJob {
  private PlayedJob() {}

  /** Every table is copied and verified, and the frontier is a minute ahead. */
  static void reportCopy(LiveSystem system, Plan plan) {
    for (PlannedTable table : plan.tables()) {
      execute(
          system,
          "INSERT INTO job_progress VALUES (?, 'table', ?, 0, 0, 1)",
          plan.planId(),
          table.displayName());
    }
    restart(system, plan);
    reportFrontier(system, plan, System.currentTimeMillis() + 60_000);
    verify(system, plan, "played", VerificationMode.COUNT_AND_CHECKSUM, 0);
  }

  /** Another submission, which has reported nothing yet. */
  static void restart(LiveSystem system, Plan plan) {
    JobRegistry registry = new JobRegistry(system.control());
    int generation = registry.nextGeneration(plan.planId()).generation();
    registry.epoch(plan.planId(), generation, "execution");
  }

  static void reportFrontier(LiveSystem system, Plan plan, long value) {
    report(system, plan, "frontier", "0/1", value);
  }

  /** A block that did not read back as it was read. */
  static void reportMismatch(LiveSystem system, Plan plan) {
    report(system, plan, "mismatched", "#0", 1);
  }

  private static void report(
      LiveSystem system, Plan plan, String kind, String subject, long value) {
    execute(
        system,
        "INSERT INTO job_progress SELECT ?, ?, ?, max(generation), 1, ? FROM job_attempt"
            + " WHERE operation_id = ? ON CONFLICT (operation_id, kind, subject, generation,"
            + " attempt) DO UPDATE SET value = excluded.value",
        plan.planId(),
        kind,
        subject,
        value,
        plan.planId());
  }

  /** A run of the verification that has compared everything. */
  static void verify(
      LiveSystem system, Plan plan, String run, VerificationMode mode, long mismatches) {
    new VerificationRuns(system.control(), plan).begin(run, mode);
    for (Split split : plan.splits()) {
      for (String target : plan.targetsOf(split.source())) {
        execute(
            system,
            "INSERT INTO verification VALUES (?, ?, ?, ?, ?, 1, 1, ?, 0, '[]')",
            plan.planId(),
            run,
            split.id(),
            split.source() + "->" + target,
            mode.name(),
            mismatches);
      }
    }
  }

  /** What the run {@code run} has found astray on {@code shard}. */
  static void reportStrays(LiveSystem system, Plan plan, String run, String shard, long rows) {
    execute(
        system,
        "INSERT INTO verification VALUES (?, ?, 0, ?, 'COUNT', 0, ?, 0, 0,"
            + " '[{\"table\": \"public.orders\", \"key\": \"17\", \"kind\": \"STRAY\"}]')",
        plan.planId(),
        run,
        new VerificationReport.StrayTotal(shard, Mismatch.Kind.STRAY, rows).subject(),
        rows);
  }

  private static void execute(LiveSystem system, String sql, Object... values) {
    system.control().call("play", jdbi -> jdbi.withHandle(handle -> handle.execute(sql, values)));
  }
}
