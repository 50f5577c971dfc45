package io.reshard.planner;

import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.postgres.Secrets;
import java.util.List;

/** Runs every check that must hold before a migration starts. */
final class Preflight {
  private final Migration migration;
  private final Inspection inspection;
  private final Secrets secrets;
  private final PlannerOptions options;

  Preflight(Migration migration, Inspection inspection, Secrets secrets, PlannerOptions options) {
    this.migration = migration;
    this.inspection = inspection;
    this.secrets = secrets;
    this.options = options;
  }

  List<PreflightFinding> run() {
    Findings findings = new Findings();
    new ServerChecks(migration, inspection, findings).run();
    new DiskSpaceCheck(migration, inspection).run(findings);
    new TableChecks(migration, inspection, findings).run();
    new RowChecks(migration, inspection, secrets, options, findings).run();
    return findings.all();
  }
}
