package io.reshard.orchestrator.flink;

import java.util.Optional;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.DeploymentOptions;

/**
 * The settings that travel with a job because an operator chose them. All else, such as the time
 * between checkpoints, is the job's own or the cluster's.
 */
final class JobSettings {
  private JobSettings() {}

  static Configuration of(Optional<String> checkpoints, int parallelism) {
    Configuration settings = new Configuration();
    settings.set(CoreOptions.DEFAULT_PARALLELISM, parallelism);
    settings.set(DeploymentOptions.ATTACHED, false);
    settings.set(CoreOptions.CHECK_LEAKED_CLASSLOADER, false);
    checkpoints.ifPresent(
        folder -> settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder));
    return settings;
  }
}
