package io.reshard.orchestrator.phase;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.CurrentVerification;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationRun;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.control.VerificationStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.flink.JobJars;
import io.reshard.orchestrator.flink.JobSubmission;
import io.reshard.orchestrator.flink.SubmissionFiles;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of the verification job. */
public final class Verification {
  private static final Logger LOG = LoggerFactory.getLogger(Verification.class);

  /** More samples than anybody reads: every key that differs, within reason. */
  public static final int ALL_KEYS = 1_000_000;

  private final OperationContext context;
  private final FlinkCluster cluster;
  private final VerificationRuns runs;

  public Verification(OperationContext context, FlinkCluster cluster) {
    this.context = context;
    this.cluster = cluster;
    this.runs = new VerificationRuns(context.control(), context.plan());
  }

  /**
   * Compares everything, in a run of its own, and waits for the result. Differences are a result,
   * not an error; so is a run that was asked to stop.
   *
   * @param samples how many differing keys the result may hold
   * @param whileWaiting called between two looks at the job; what it throws ends the wait
   */
  public VerificationReport run(VerificationMode mode, int samples, Runnable whileWaiting) {
    return carryOn(JobID.generate().toHexString(), mode, samples, whileWaiting);
  }

  /**
   * The same, but goes on with the last run if what it has compared still holds: with its very job,
   * if that is still at work, and without any, if it has come to its end unobserved.
   */
  public VerificationReport resume(VerificationMode mode, int samples, Runnable whileWaiting) {
    Optional<VerificationRun> last = runs.resumable(mode);
    if (last.isEmpty()) {
      return run(mode, samples, whileWaiting);
    }
    String run = last.get().run();
    if (report(run, 0).consistent()) {
      return report(run, samples);
    }
    Optional<JobID> job = last.get().job().map(JobID::fromHexString).filter(this::isAtWork);
    LOG.info("going on with the verification {}", run);
    if (job.isEmpty()) {
      return carryOn(run, mode, samples, whileWaiting);
    }
    await(job.get(), whileWaiting);
    return report(run, samples);
  }

  /**
   * {@code concurrent_resharding_not_allowed} while a run is at work: a second one would read
   * everything twice.
   */
  public void requireNoneAtWork() {
    Optional<JobID> other =
        runs.newest().stream()
            .findFirst()
            .flatMap(VerificationRun::job)
            .map(JobID::fromHexString)
            .filter(this::isAtWork);
    if (other.isPresent()) {
      throw new ReshardingException(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          ("a verification of %1$s is under way, as job %2$s: 'reshard verify %1$s --resume' waits"
                  + " for its result, 'reshard verify %1$s --stop' ends it")
              .formatted(context.operationId(), other.get()));
    }
  }

  private boolean isAtWork(JobID job) {
    return cluster.status(job).filter(status -> !status.isGloballyTerminalState()).isPresent();
  }

  private VerificationReport carryOn(
      String run, VerificationMode mode, int samples, Runnable whileWaiting) {
    JobID job = JobID.generate();
    runs.begin(run, mode);
    runs.submit(run, job.toHexString());
    try (SubmissionFiles files = SubmissionFiles.write(context.plan(), context.secrets())) {
      List<String> arguments = new ArrayList<>(files.arguments());
      arguments.addAll(
          List.of(
              "--run",
              run,
              "--mode",
              mode.name(),
              "--samples",
              Integer.toString(samples),
              "--submitted"));
      cluster.submit(
          new JobSubmission(
              context.operationId(), job, JobJars.verification(), arguments, Optional.empty()));
    }
    await(job, whileWaiting);
    return report(run, samples);
  }

  private VerificationReport report(String run, int samples) {
    return new VerificationStore(context.control()).report(context.plan(), run, samples);
  }

  /** What is to be compared for the next step: by the options, or more, to settle differences. */
  public VerificationMode neededMode() {
    return new CurrentVerification(
            context.control(), context.plan(), context.options().verificationMode())
        .needed();
  }

  /** Whether {@code report} lacks something because somebody wanted its run to stop. */
  public boolean wasStopped(VerificationReport report) {
    return report.unverified() > 0 && runs.stopRequested(report.run());
  }

  /** {@code invalid_phase_transition} where the two sides need not be equal. */
  public static void requireCopied(Operation operation) {
    Phase reached = operation.phase();
    boolean copied =
        operation.lastCompletedPhase() != null
            && operation.lastCompletedPhase().compareTo(Phase.COPYING) >= 0;
    boolean over =
        operation.lastCompletedPhase() != null
            && operation.lastCompletedPhase().compareTo(Phase.CUTTING_OVER) >= 0;
    if (!copied || over || reached == Phase.ROLLED_BACK) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation "
              + operation.id()
              + " is "
              + reached
              + "; both sides are equal from the end of COPYING until the switch");
    }
  }

  private void await(JobID job, Runnable whileWaiting) {
    boolean finished = false;
    long start = System.nanoTime();
    try {
      while (!finished) {
        JobStatus status =
            cluster
                .status(job)
                .orElseThrow(
                    () ->
                        new ReshardingException(
                            ErrorCode.FLINK_UNAVAILABLE,
                            "the cluster at " + cluster.address() + " has lost job " + job));
        if (status == JobStatus.FAILED || status == JobStatus.CANCELED) {
          throw JobKeeper.failure(cluster, job, ErrorCode.VERIFICATION_FAILED);
        }
        finished = status == JobStatus.FINISHED;
        if (!finished) {
          whileWaiting.run();
          Waiting.sleep(Waiting.rest(start));
        }
      }
    } catch (ReshardingException e) {
      cancel(job, e);
      throw e;
    }
  }

  private void cancel(JobID job, ReshardingException because) {
    try {
      cluster.cancel(job);
    } catch (ReshardingException e) {
      because.addSuppressed(e);
    }
  }
}
