package io.reshard.verifier;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import java.io.Serializable;
import java.time.Duration;

/**
 * What the operators know about a run. The plan comes without its splits: each travels with the
 * records that concern it, so that no operator holds thousands of them.
 *
 * @param samples how many keys of each kind a result names, at most
 * @param waitForJob whether to wait for the migration job before a difference is believed
 * @param frontierTimeout how long the job may take to let one heartbeat through
 */
record Verification(
    Plan plan,
    Secrets secrets,
    String run,
    VerificationMode mode,
    int samples,
    boolean waitForJob,
    Duration frontierTimeout)
    implements Serializable {
  Verification {
    plan = plan.withoutSplits();
  }

  /** What the databases show as the sessions' {@code application_name}. */
  String application() {
    return "reshard " + plan.planId() + " verification";
  }
}
