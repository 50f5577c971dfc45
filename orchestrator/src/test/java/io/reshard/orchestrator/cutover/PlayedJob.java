package io.reshard.orchestrator.cutover;

import io.reshard.core.control.JobRegistry;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.orchestrator.demo.LiveSystem;

/** What a migration job reports, without one. */
final class PlayedJob {
  private PlayedJob() {}

  /** Every table is copied, and the frontier is a minute ahead. */
  static void reportCopy(LiveSystem system, Plan plan) {
    JobRegistry registry = new JobRegistry(system.control());
    int generation = registry.nextGeneration(plan.planId()).generation();
    registry.epoch(plan.planId(), generation, "execution");
    system
        .control()
        .call(
            "play the job",
            jdbi ->
                jdbi.withHandle(
                    handle -> {
                      for (PlannedTable table : plan.tables()) {
                        handle.execute(
                            "INSERT INTO job_progress VALUES (?, 'table', ?, 0, 0, 1)",
                            plan.planId(),
                            table.displayName());
                      }
                      return handle.execute(
                          "INSERT INTO job_progress VALUES (?, 'frontier', '0/1', ?, 1, ?)",
                          plan.planId(),
                          generation,
                          System.currentTimeMillis() + 60_000);
                    }));
  }
}
