package io.reshard.orchestrator.config;

import io.reshard.core.checksum.VerificationMode;
import java.time.Duration;

/** Every key of reshard.yaml with its default and its rule. */
final class Settings {
  static final Setting<String> CONTROL_URL =
      Setting.text(
          "control.url",
          "a JDBC URL of PostgreSQL such as jdbc:postgresql://127.0.0.1:5432/control",
          text -> text.startsWith("jdbc:postgresql://"));
  static final Setting<String> CONTROL_USER =
      Setting.text("control.user", "a user's name", text -> !text.isBlank());

  static final Setting<String> FLINK_ADDRESS =
      Setting.text(
          "flink.address",
          "the REST address of a cluster such as http://127.0.0.1:8081",
          text -> text.matches("https?://[^/:\\s]+(:\\d{1,5})?/?"));
  static final Setting<String> FLINK_CHECKPOINTS =
      Setting.text(
          "flink.checkpoints",
          "the URI of a folder such as file:///var/lib/reshard/checkpoints",
          text -> text.matches("[a-z][a-z0-9+.-]*:/.*"));
  static final Setting<Integer> FLINK_PARALLELISM =
      Setting.integer("flink.parallelism", "2", 1, 128);

  static final Setting<Integer> COPY_BATCH_SIZE =
      Setting.integer("options.copyBatchSize", "10000", 1, 10_000_000);
  static final Setting<Duration> CDC_LAG_THRESHOLD =
      Setting.duration("options.cdcLagThreshold", "5s", "1ms");
  static final Setting<VerificationMode> VERIFICATION_MODE =
      Setting.oneOf("options.verificationMode", VerificationMode.COUNT_AND_CHECKSUM);
  static final Setting<Duration> CUTOVER_TIMEOUT =
      Setting.duration("options.cutoverTimeout", "30s", "1s");
  static final Setting<Duration> CLEANUP_RETENTION =
      Setting.duration("options.cleanupRetention", "24h", "0s");
  static final Setting<Duration> REPLICATION_TIMEOUT =
      Setting.duration("options.replicationTimeout", "1h", "1s");
  static final Setting<Boolean> ROLLBACK_ON_FAILURE =
      Setting.flag("options.rollbackOnFailure", "false");
  static final Setting<String> TABLES =
      Setting.text("options.tables", "a table such as public.orders", text -> !text.isBlank());
  static final Setting<String> ON_PHASE_COMPLETED = executable("options.onPhaseCompleted");
  static final Setting<String> ON_CUTOVER_STARTING = executable("options.onCutoverStarting");

  static final Setting<Long> THROTTLE_BYTES = Setting.size("throttle.bytesPerSecond");
  static final Setting<Integer> THROTTLE_READERS =
      Setting.integer("throttle.readersPerSource", null, 1, 128);
  static final Setting<String> THROTTLE_QUERY =
      Setting.text("throttle.pauseQuery", "a query", text -> !text.isBlank());
  static final Setting<Double> THROTTLE_ABOVE = Setting.number("throttle.pauseAbove");

  static final Setting<Duration> HEALTH_DURATION =
      Setting.duration("health.maxReshardingDuration", "2h", "1s");
  static final Setting<Duration> HEALTH_TIMEOUT = Setting.duration("health.timeout", "30s", "1s");

  static final Setting<Integer> PROMETHEUS_PORT =
      Setting.integer("telemetry.prometheusPort", null, 1, 65_535);
  static final Setting<String> PROMETHEUS_HOST =
      Setting.text(
          "telemetry.prometheusHost",
          "127.0.0.1",
          "an address of this machine such as 127.0.0.1 or 0.0.0.0",
          text -> !text.isBlank());
  static final Setting<String> OTLP_ENDPOINT =
      Setting.text(
          "telemetry.otlpEndpoint",
          "an address such as http://127.0.0.1:4317",
          text -> text.matches("https?://.+"));

  private Settings() {}

  private static Setting<String> executable(String key) {
    return Setting.text(key, "the path of an executable file", text -> !text.isBlank());
  }
}
