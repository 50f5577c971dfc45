package io.reshard.verifier;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.control.VerificationStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Compares both sides of a migration, split by split and step by step.
 *
 * <pre>
 *   plan's splits                                                         control database
 *        │                                                                 ▲ verification
 *        ├─▶ Aggregates of the sources ─┐                                  │
 *        │   JDBC source, one scan      ├─▶ (by split) ─▶ Compare ─▶ Trace ─▶ Results
 *        │   per split                  │                 both       to keys  JDBC sink
 *        └─▶ Aggregates of the targets ─┘                 sides
 *            JDBC source, one scan
 *            per split and step
 * </pre>
 *
 * <p>It is bounded, but runs in Flink's streaming mode: a batch exchange would keep every result
 * back until all is read, and a run that is interrupted would leave nothing behind.
 */
public final class VerificationJob {
  /**
   * One group for all operators, so that they share slots: more would keep a migration job that has
   * to restart, and whose frontier we wait for, from getting its own.
   */
  private static final String SLOTS = "verification";

  private VerificationJob() {}

  /** Submits the job; see {@link VerifierArguments} for the arguments. */
  public static void main(String[] words) throws Exception {
    Submission.run(
        () -> {
          VerifierArguments arguments = VerifierArguments.parse(words);
          Plan plan = arguments.plan();
          Verification verification = arguments.verification(plan);
          List<Split> open = openSplits(plan, verification, arguments.submitted());
          if (!open.isEmpty()) {
            StreamExecutionEnvironment environment = Submission.environment();
            build(environment, plan, open, verification);
            environment.execute(Submission.jobName(verification));
          }
        });
  }

  /**
   * Begins the run, or goes on with it: the splits that it has not decided about yet. {@code
   * verification_stale} if what it has decided does not hold any more.
   *
   * @param submitted whether somebody has noted which job will work on the run. Then he has also
   *     forgotten who wanted it to stop before, and a request that came since must stand
   */
  static List<Split> openSplits(Plan plan, Verification verification, boolean submitted) {
    ControlDatabase control = new ControlDatabase(verification.secrets().control().endpoint());
    VerificationRuns runs = new VerificationRuns(control, plan);
    VerificationStore results = new VerificationStore(control);
    String run = verification.run();
    runs.begin(run, verification.mode());
    if (!submitted) {
      runs.forgetStop(run);
    }
    Set<Integer> finished = results.finishedSplits(plan, run);
    if (!finished.isEmpty() && !runs.holds(run)) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_STALE,
          "run "
              + run
              + " cannot be gone on with: since it began the migration job was started again, or"
              + " has written rows that do not read back as they were; begin another run");
    }
    results.keepOnly(plan.planId(), run, finished);
    return plan.splits().stream().filter(split -> !finished.contains(split.id())).toList();
  }

  static void build(
      StreamExecutionEnvironment environment,
      Plan plan,
      List<Split> splits,
      Verification verification) {
    PlanCoverage.check(plan);
    environment.setRuntimeMode(RuntimeExecutionMode.STREAMING);
    Throttle throttle =
        new ThrottleStore(new ControlDatabase(verification.secrets().control().endpoint()))
            .get(plan.planId());
    List<Stretch> stretches = Stretch.of(plan, splits, Stretch.maxBytes(throttle));
    AggregateSources aggregates = new AggregateSources(verification, stretches);

    DataStream<StepAggregates> sources =
        environment
            .fromSource(
                aggregates.source(Side.SOURCE),
                WatermarkStrategy.noWatermarks(),
                "Aggregates of the sources")
            .uid("source-aggregates")
            .slotSharingGroup(SLOTS);
    DataStream<StepAggregates> targets =
        environment
            .fromSource(
                aggregates.source(Side.TARGET),
                WatermarkStrategy.noWatermarks(),
                "Aggregates of the targets")
            .uid("target-aggregates")
            .slotSharingGroup(SLOTS);

    sources
        .union(targets)
        .keyBy(StepAggregates::stretch)
        .process(new PairSides())
        .name("Compare both sides")
        .uid("compare")
        .slotSharingGroup(SLOTS)
        .transform(
            "Trace differences to keys",
            TypeInformation.of(StepResult.class),
            new MismatchOperator(verification))
        .uid("trace")
        .slotSharingGroup(SLOTS)
        .sinkTo(ResultSink.of(verification))
        .name("Results")
        .uid("results")
        .slotSharingGroup(SLOTS);
  }
}
