package io.reshard.verifier;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.ControlPoll;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.concurrent.TimeUnit;

/** Whether somebody wants the run to stop, as it was a second ago at most. For one thread. */
final class StopSignal implements AutoCloseable {
  private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Verification verification;
  private final ControlPoll control;
  private long polledAt = System.nanoTime() - POLL_NANOS;
  private boolean requested;

  StopSignal(Verification verification) {
    this.verification = verification;
    this.control =
        new ControlPoll(new ControlDatabase(verification.secrets().control().endpoint()));
  }

  boolean requested() {
    if (!requested && System.nanoTime() - polledAt >= POLL_NANOS) {
      requested =
          control
              .ask(
                  database ->
                      new VerificationRuns(database, verification.plan())
                          .stopRequested(verification.run()))
              .orElse(false);
      polledAt = System.nanoTime();
    }
    return requested;
  }

  /** {@code verification_stopped} once somebody wants it. */
  void check() {
    if (requested()) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_STOPPED, "somebody wants the verification to stop");
    }
  }

  @Override
  public void close() {
    control.close();
  }
}
