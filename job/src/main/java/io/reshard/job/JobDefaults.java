package io.reshard.job;

import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.contrib.streaming.state.RocksDBConfigurableOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The settings that the job needs where the cluster's configuration and the submitter are silent.
 */
final class JobDefaults {
  private final ReadableConfig given;
  private final Configuration defaults = new Configuration();

  private JobDefaults(ReadableConfig given) {
    this.given = given;
  }

  /** Completes the configuration of {@code environment}. */
  static void apply(StreamExecutionEnvironment environment) {
    JobDefaults all = new JobDefaults(environment.getConfiguration());
    all.silent(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(5));
    all.silent(CheckpointingOptions.CHECKPOINTING_TIMEOUT, Duration.ofMinutes(10));
    all.silent(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, Duration.ofSeconds(1));
    all.silent(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, 10);
    all.silent(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    all.silent(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    // Flink's 100 ms would be waited for at each of three hops, and the drain at the cutover with
    // it.
    all.silent(ExecutionOptions.BUFFER_TIMEOUT, Duration.ofMillis(5));
    all.silent(StateBackendOptions.STATE_BACKEND, "rocksdb");
    all.silent(RocksDBConfigurableOptions.WRITE_BUFFER_SIZE, MemorySize.ofMebiBytes(4));
    all.silent(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
    all.silent(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
        Duration.ofSeconds(30));
    // A block's place in its sequence, and the frontier, are only true with aligned barriers that
    // let nothing overtake: these three are not a matter of taste.
    all.defaults.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    all.defaults.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    all.defaults.set(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, false);
    // Kryo in state would tie a savepoint to this version's classes.
    all.defaults.set(PipelineOptions.GENERIC_TYPES, false);
    environment.configure(all.defaults);
  }

  private <T> void silent(ConfigOption<T> option, T value) {
    if (given.getOptional(option).isEmpty()) {
      defaults.set(option, value);
    }
  }
}
