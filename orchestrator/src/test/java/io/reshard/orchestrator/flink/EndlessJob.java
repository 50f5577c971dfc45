package io.reshard.orchestrator.flink;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.List;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A job for tests, packed into a jar of its own: counts for ever, or fails where its argument says.
 */
public final class EndlessJob {
  static final String RUN = "run";
  static final String FAIL_IN_MAIN = "fail-in-main";
  static final String FAIL_ON_CLUSTER = "fail-on-cluster";

  private EndlessJob() {}

  /** Takes one of the constants. */
  public static void main(String[] arguments) throws Exception {
    String how = List.of(arguments).get(0);
    if (how.equals(FAIL_IN_MAIN)) {
      throw new ReshardingException(ErrorCode.SLOT_MISSING, "the slot of shard-0 is gone");
    }
    Configuration settings = new Configuration();
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, java.time.Duration.ofMillis(200));
    settings.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(settings);
    environment.configure(settings);
    environment
        .fromSequence(0, Long.MAX_VALUE)
        .map(new Step(how.equals(FAIL_ON_CLUSTER)))
        .returns(Long.class)
        .sinkTo(new DiscardingSink<>());
    environment.execute("endless");
  }

  /** Slows the sequence down, or ends it. */
  static final class Step extends RichMapFunction<Long, Long> {
    private static final long serialVersionUID = 1L;
    private final boolean fail;

    Step(boolean fail) {
      this.fail = fail;
    }

    @Override
    public Long map(Long value) throws Exception {
      if (fail) {
        throw new IllegalStateException(
            "wrapped",
            new ReshardingException(ErrorCode.KEY_COLLISION, "two sources hold the key 7"));
      }
      Thread.sleep(1);
      return value;
    }
  }
}
