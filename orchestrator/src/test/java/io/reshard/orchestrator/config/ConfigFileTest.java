package io.reshard.orchestrator.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.hook.Executable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
  private static final String CONTROL =
      "control: { url: 'jdbc:postgresql://127.0.0.1:5400/control', user: reshard }\n";

  @TempDir Path folder;

  private ReshardConfig read(String yaml) throws IOException {
    Path file = folder.resolve("reshard.yaml");
    Files.writeString(file, yaml);
    return ConfigFile.read(file);
  }

  private void assertRefused(String yaml, String... parts) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> {
              assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_CONFIGURATION);
              assertThat(e.getMessage()).contains("reshard.yaml").contains(parts);
            });
  }

  @Test
  void hasTheDefaultsOfTheContract() throws IOException {
    ReshardingOptions options = read(CONTROL).options();
    assertThat(options.copyBatchSize()).isEqualTo(10_000);
    assertThat(options.cdcLagThreshold()).isEqualTo(Duration.ofSeconds(5));
    assertThat(options.verificationMode()).isEqualTo(VerificationMode.COUNT_AND_CHECKSUM);
    assertThat(options.cutoverTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(options.cleanupRetention()).isEqualTo(Duration.ofHours(24));
    assertThat(options.replicationTimeout()).isEqualTo(Duration.ofHours(1));
    assertThat(options.rollbackOnFailure()).isFalse();
    assertThat(options.tables()).isEmpty();
    assertThat(options.onPhaseCompleted()).isEmpty();
    assertThat(options.onCutoverStarting()).isEmpty();
  }

  @Test
  void readsEveryKey() throws IOException {
    ReshardConfig config =
        read(
            CONTROL
                + """
                flink: { address: "http://127.0.0.1:8081", checkpoints: "file:///c", parallelism: 3 }
                options:
                  copyBatchSize: 500
                  cdcLagThreshold: 500ms
                  verificationMode: count
                  cutoverTimeout: 10s
                  cleanupRetention: 2h
                  replicationTimeout: 30m
                  rollbackOnFailure: true
                  tables: [public.orders]
                  onPhaseCompleted: ./hooks/done
                  onCutoverStarting: /hooks/gate
                throttle: { bytesPerSecond: 50MB, readersPerSource: 2, pauseQuery: "SELECT 1", pauseAbove: 10 }
                health: { maxReshardingDuration: 3h, timeout: 10s }
                telemetry: { prometheusPort: 9464, otlpEndpoint: "http://127.0.0.1:4317" }
                """);
    assertThat(config.flink().address()).map(Object::toString).hasValue("http://127.0.0.1:8081");
    assertThat(config.flink().checkpoints()).hasValue("file:///c");
    assertThat(config.flink().parallelism()).isEqualTo(3);
    assertThat(config.options().verificationMode()).isEqualTo(VerificationMode.COUNT);
    assertThat(config.options().tables()).containsExactly("public.orders");
    assertThat(config.options().onPhaseCompleted())
        .hasValue(new Executable(folder.resolve("./hooks/done")));
    assertThat(config.options().onCutoverStarting())
        .hasValue(new Executable(Path.of("/hooks/gate")));
    assertThat(config.throttle().bytesPerSecond()).isEqualTo(50L << 20);
    assertThat(config.throttle().pauseAbove()).isEqualTo(10.0);
    assertThat(config.health().maxReshardingDuration()).isEqualTo(Duration.ofHours(3));
    assertThat(config.telemetry().prometheusPort()).isEqualTo(9464);
  }

  @Test
  void namesTheNearestKeyOfAnUnknownOne() {
    assertRefused(
        CONTROL + "options: { copyBachSize: 5 }", "options.copyBachSize", "'copyBatchSize'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "options: { copyBatchSize: 0 }|options.copyBatchSize: '0'|from 1",
        "options: { copyBatchSize: many }|options.copyBatchSize: 'many'|whole number",
        "options: { cutoverTimeout: 30 }|options.cutoverTimeout: '30'|such as 500ms, 5s or 2h",
        "options: { cutoverTimeout: 500ms }|options.cutoverTimeout: '500ms'|at least 1s",
        "options: { verificationMode: FULL }|options.verificationMode: 'FULL'|COUNT_AND_CHECKSUM",
        "options: { rollbackOnFailure: 2 }|options.rollbackOnFailure: '2'|true or false",
        "flink: { address: '127.0.0.1' }|flink.address: '127.0.0.1'|REST address",
        "flink: { parallelism: 0 }|flink.parallelism: '0'|from 1 to 128",
        "throttle: { pauseQuery: 'SELECT 1' }|throttle.pauseAbove|belong together",
        "throttle: { bytesPerSecond: 5XB }|throttle.bytesPerSecond: '5XB'|50MB",
        "health: { timeout: soon }|health.timeout: 'soon'|duration",
        "telemetry: { prometheusPort: 70000 }|telemetry.prometheusPort: '70000'|65535"
      })
  void namesKeyValueAndRule(String yaml, String keyAndValue, String rule) {
    assertRefused(CONTROL + yaml, keyAndValue, rule);
  }

  @Test
  void theBuilderKeepsTheSameRules() {
    ReshardingOptions.Builder options = ReshardingOptions.builder();
    assertInvalid("options.cutoverTimeout", () -> options.cutoverTimeout(Duration.ofMillis(999)));
    assertInvalid("options.cdcLagThreshold", () -> options.cdcLagThreshold(Duration.ZERO));
    assertInvalid("options.cleanupRetention", () -> options.cleanupRetention(Duration.ofDays(-1)));
    assertInvalid("options.replicationTimeout", () -> options.replicationTimeout(null));
    assertInvalid("options.copyBatchSize", () -> options.copyBatchSize(0));
    assertInvalid("options.verificationMode", () -> options.verificationMode(null));
    options.cutoverTimeout(Duration.ofSeconds(1)).cleanupRetention(Duration.ZERO);
    assertThat(options.build().cutoverTimeout()).isEqualTo(Duration.ofSeconds(1));
  }

  private static void assertInvalid(String key, Runnable call) {
    assertThatThrownBy(call::run)
        .hasMessageContaining(key)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_CONFIGURATION));
  }

  @Test
  void needsTheControlDatabase() {
    assertRefused("options: { copyBatchSize: 5 }", "control.url is missing");
    assertRefused("control: { url: 'mysql://x' }", "control.url: 'mysql://x'");
  }

  @Test
  void namesTheMissingVariable() {
    assertRefused(
        "control: { url: 'jdbc:postgresql://h/c', password: '${RESHARD_NO_SUCH_VARIABLE}' }",
        "control.password",
        "RESHARD_NO_SUCH_VARIABLE");
  }
}
