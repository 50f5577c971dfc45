package io.reshard.orchestrator.config;

import java.util.List;

/** reshard.yaml as it is written: every value still a text, null where it is left out. */
record RawConfig(
    Control control,
    Flink flink,
    OptionTexts options,
    Throttle throttle,
    Health health,
    Telemetry telemetry) {
  record Control(String url, String user, String password) {
    @Override
    public String toString() {
      return "Control[url=" + url + ", user=" + user + "]";
    }
  }

  record Flink(String address, String checkpoints, String parallelism) {}

  record OptionTexts(
      String copyBatchSize,
      String cdcLagThreshold,
      String verificationMode,
      String cutoverTimeout,
      String cleanupRetention,
      String replicationTimeout,
      String rollbackOnFailure,
      List<String> tables,
      String onPhaseCompleted,
      String onCutoverStarting) {}

  record Throttle(
      String bytesPerSecond, String readersPerSource, String pauseQuery, String pauseAbove) {}

  record Health(String maxReshardingDuration, String timeout) {}

  record Telemetry(String prometheusPort, String prometheusHost, String otlpEndpoint) {}

  RawConfig {
    flink = flink == null ? new Flink(null, null, null) : flink;
    options =
        options == null
            ? new OptionTexts(null, null, null, null, null, null, null, null, null, null)
            : options;
    throttle = throttle == null ? new Throttle(null, null, null, null) : throttle;
    health = health == null ? new Health(null, null) : health;
    telemetry = telemetry == null ? new Telemetry(null, null, null) : telemetry;
  }
}
