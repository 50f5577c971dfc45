package io.reshard.job;

import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;

/** Migrations of tests that do without a control database. */
public final class TestMigrations {
  private TestMigrations() {}

  public static Migration of(Plan plan, Secrets secrets) {
    return new Migration(plan, secrets, 1);
  }
}
