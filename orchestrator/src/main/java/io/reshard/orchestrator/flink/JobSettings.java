package io.reshard.orchestrator.flink;

import java.util.List;
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
  /**
   * What this process shares with the jobs in it. A job brings the same classes, but a job's own
   * are loaded, and compiled by the JIT compiler, anew for each submission: at the cost of seconds
   * of a small machine, beside the rows. Flink's connectors cannot be shared: see the pom.
   */
  static final List<String> SHARED_CLASSES =
      List.of(
          "io.reshard.core.",
          "org.postgresql.",
          "org.jdbi.",
          "io.leangen.geantyref.",
          "com.fasterxml.jackson.",
          "org.yaml.snakeyaml.");

  private JobSettings() {}

  static Configuration of(Optional<String> checkpoints, int parallelism) {
    Configuration settings = new Configuration();
    settings.set(CoreOptions.DEFAULT_PARALLELISM, parallelism);
    settings.set(DeploymentOptions.ATTACHED, false);
    settings.set(CoreOptions.CHECK_LEAKED_CLASSLOADER, false);
    settings.set(CoreOptions.ALWAYS_PARENT_FIRST_LOADER_PATTERNS_ADDITIONAL, SHARED_CLASSES);
    checkpoints.ifPresent(
        folder -> settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder));
    return settings;
  }
}
