package io.reshard.verifier;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.VerificationStore;
import io.reshard.core.plan.Plan;
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
 *        │   JDBC source, one scan      ├─▶ (by split and step) ─▶ Compare ─▶ Trace ─▶ Results
 *        │   per split                  │                          both      to keys   JDBC sink
 *        └─▶ Aggregates of the targets ─┘                          sides
 *            JDBC source, one scan
 *            per split and step
 * </pre>
 */
public final class VerificationJob {
  /**
   * One group for all operators: in batch mode Flink would ask for slots for each of them, and keep
   * a migration job that has to restart, and whose frontier we wait for, from getting its own.
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
          new VerificationStore(new ControlDatabase(verification.secrets().control().endpoint()))
              .begin(plan, verification.run(), verification.mode());
          StreamExecutionEnvironment environment = Submission.environment();
          build(environment, plan, verification);
          environment.execute(Submission.jobName(verification));
        });
  }

  static void build(StreamExecutionEnvironment environment, Plan plan, Verification verification) {
    PlanCoverage.check(plan);
    environment.setRuntimeMode(RuntimeExecutionMode.BATCH);
    AggregateSources aggregates = new AggregateSources(verification, plan);

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
        .keyBy(StepAggregates::key)
        .reduce(StepAggregates::merge)
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
