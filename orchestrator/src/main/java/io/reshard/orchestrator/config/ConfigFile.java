package io.reshard.orchestrator.config;

import io.reshard.core.control.Throttle;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.postgres.Environment;
import io.reshard.core.postgres.Secrets;
import io.reshard.orchestrator.hook.Executable;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Reads reshard.yaml. Every error is {@code invalid_configuration} and names the file, the key, the
 * value and the rule. Hooks are found relative to the file.
 */
public final class ConfigFile {
  private ConfigFile() {}

  public static ReshardConfig read(Path file) {
    RawConfig raw = Documents.readFile(file, RawConfig.class, ErrorCode.INVALID_CONFIGURATION);
    try {
      return typed(raw, file.toAbsolutePath().getParent());
    } catch (ReshardingException e) {
      throw new ReshardingException(e.errorCode(), file + ": " + e.getMessage(), e);
    }
  }

  private static ReshardConfig typed(RawConfig raw, Path folder) {
    return new ReshardConfig(
        control(raw.control()),
        flink(raw.flink()),
        options(raw.options(), folder),
        throttle(raw.throttle()),
        new ReshardConfig.Health(
            Settings.HEALTH_DURATION.read(raw.health().maxReshardingDuration()),
            Settings.HEALTH_TIMEOUT.read(raw.health().timeout())),
        new ReshardConfig.Telemetry(
            Settings.PROMETHEUS_PORT.read(raw.telemetry().prometheusPort()),
            Settings.PROMETHEUS_HOST.read(raw.telemetry().prometheusHost()),
            Settings.OTLP_ENDPOINT.read(raw.telemetry().otlpEndpoint())));
  }

  private static Secrets.Control control(RawConfig.Control raw) {
    RawConfig.Control given = raw == null ? new RawConfig.Control(null, null, null) : raw;
    return new Secrets.Control(
        Settings.CONTROL_URL.require(given.url()),
        Settings.CONTROL_USER.read(given.user()),
        Environment.resolve(given.password(), "control.password"));
  }

  private static ReshardConfig.Flink flink(RawConfig.Flink raw) {
    return new ReshardConfig.Flink(
        Optional.ofNullable(Settings.FLINK_ADDRESS.read(raw.address())).map(URI::create),
        Optional.ofNullable(Settings.FLINK_CHECKPOINTS.read(raw.checkpoints())),
        Settings.FLINK_PARALLELISM.read(raw.parallelism()));
  }

  private static ReshardingOptions options(RawConfig.OptionTexts raw, Path folder) {
    List<String> tables = raw.tables() == null ? List.of() : raw.tables();
    return ReshardingOptions.builder()
        .copyBatchSize(Settings.COPY_BATCH_SIZE.read(raw.copyBatchSize()))
        .cdcLagThreshold(Settings.CDC_LAG_THRESHOLD.read(raw.cdcLagThreshold()))
        .verificationMode(Settings.VERIFICATION_MODE.read(raw.verificationMode()))
        .cutoverTimeout(Settings.CUTOVER_TIMEOUT.read(raw.cutoverTimeout()))
        .cleanupRetention(Settings.CLEANUP_RETENTION.read(raw.cleanupRetention()))
        .replicationTimeout(Settings.REPLICATION_TIMEOUT.read(raw.replicationTimeout()))
        .rollbackOnFailure(Settings.ROLLBACK_ON_FAILURE.read(raw.rollbackOnFailure()))
        .tables(tables.stream().map(Settings.TABLES::require).toList())
        .onPhaseCompleted(executable(Settings.ON_PHASE_COMPLETED, raw.onPhaseCompleted(), folder))
        .onCutoverStarting(
            executable(Settings.ON_CUTOVER_STARTING, raw.onCutoverStarting(), folder))
        .build();
  }

  private static Executable executable(Setting<String> setting, String raw, Path folder) {
    String text = setting.read(raw);
    return text == null ? null : new Executable(folder.resolve(text));
  }

  private static Throttle throttle(RawConfig.Throttle raw) {
    return ThrottleTexts.applied(
        Throttle.NONE,
        raw.bytesPerSecond(),
        raw.readersPerSource(),
        raw.pauseQuery(),
        raw.pauseAbove());
  }
}
