package io.reshard.orchestrator.flink;

import java.time.Duration;
import java.util.Optional;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.CheckpointingMode;

/**
 * The settings that travel with a job: those of flink-conf/config.yaml that Flink reads on the side
 * of the client. That file says why each is what it is.
 */
final class JobSettings {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final Duration MIN_PAUSE = Duration.ofSeconds(2);
  private static final Duration TIMEOUT = Duration.ofMinutes(10);
  private static final int TOLERABLE_FAILURES = 10;

  private JobSettings() {}

  /**
   * @param checkpoints the folder of checkpoints; without it the cluster's own is used
   */
  static Configuration of(Optional<String> checkpoints, int parallelism) {
    Configuration settings = new Configuration();
    settings.set(CoreOptions.DEFAULT_PARALLELISM, parallelism);
    settings.set(DeploymentOptions.ATTACHED, false);
    settings.set(CoreOptions.CHECK_LEAKED_CLASSLOADER, false);
    checkpoints.ifPresent(
        folder -> settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder));
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, INTERVAL);
    settings.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    settings.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    settings.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, TIMEOUT);
    settings.set(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, MIN_PAUSE);
    settings.set(CheckpointingOptions.MAX_CONCURRENT_CHECKPOINTS, 1);
    settings.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, TOLERABLE_FAILURES);
    settings.set(CheckpointingOptions.ENABLE_CHECKPOINTS_AFTER_TASKS_FINISH, true);
    settings.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    settings.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
    settings.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    settings.setString("state.backend.rocksdb.writebuffer.size", "4mb");
    settings.set(
        RestartStrategyOptions.RESTART_STRATEGY,
        RestartStrategyOptions.RestartStrategyType.EXPONENTIAL_DELAY.getMainValue());
    settings.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF,
        Duration.ofSeconds(1));
    settings.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_BACKOFF_MULTIPLIER, 2.0);
    settings.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
        Duration.ofMinutes(1));
    return settings;
  }
}
