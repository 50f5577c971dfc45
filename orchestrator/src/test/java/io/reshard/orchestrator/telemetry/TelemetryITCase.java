package io.reshard.orchestrator.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.reshard.orchestrator.config.ReshardConfig;
import io.reshard.orchestrator.monitor.Monitor;
import io.reshard.orchestrator.serve.StoredOperation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.FreePort;
import io.reshard.testkit.ServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The metrics as Prometheus and a collector get them, from a stored operation. */
class TelemetryITCase {
  private EmbeddedPostgresServer server;
  private StoredOperation stored;

  @BeforeEach
  void start() throws Exception {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    stored = StoredOperation.none(server);
    stored.create(Optional.empty());
    stored.copy(40);
    stored.lag(2_000);
    stored.sql(
        "INSERT INTO cutover_attempt (operation_id, attempt, status, read_only_millis)"
            + " VALUES ('op-1', 1, 'ABORTED', NULL), ('op-1', 2, 'SWITCHED', 250)");
    stored.sql(
        "INSERT INTO verification (operation_id, run, mode, split, step, source_rows, target_rows,"
            + " mismatches, undecided, samples)"
            + " VALUES ('op-1', 'run', 'COUNT', 0, 'shard-0->shard-1', 1, 1, 3, 0, '[]')");
    new PostgresOperationStore(stored.control())
        .pause(stored.operation(), new OperationError("resharding.source_unavailable", "away"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static Map<String, Double> scrape(int port) throws IOException, InterruptedException {
    String text =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    return text.lines()
        .filter(line -> !line.startsWith("#") && !line.contains("_bucket"))
        .collect(
            Collectors.toMap(
                line -> line.substring(0, line.lastIndexOf(' ')),
                line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1))));
  }

  /** The metrics of a process that has just been started. */
  private Map<String, Double> metricsOfANewProcess() throws Exception {
    int port = FreePort.find();
    try (Monitor monitor = new Monitor(stored.control());
        Telemetry telemetry =
            Telemetry.start(new ReshardConfig.Telemetry(port, "127.0.0.1", null), monitor)) {
      assertThat(telemetry.tracer()).isNotNull();
      monitor.start();
      return Awaitility.await()
          .until(
              () -> scrape(port),
              found -> found.keySet().stream().anyMatch(key -> key.contains("cutover_duration")));
    }
  }

  /** A run that looks at splits again removes what it had found of them. */
  @Test
  void theCounterOfMismatchesNeverFalls() throws Exception {
    try (Monitor monitor = new Monitor(stored.control()).start()) {
      Awaitility.await().until(() -> monitor.picture().mismatches().containsKey("op-1"));
      stored.sql("UPDATE verification SET mismatches = 1");
      Instant removed = Instant.now();
      Awaitility.await().until(() -> monitor.picture().takenAt().isAfter(removed));
      assertThat(monitor.picture().mismatches()).containsEntry("op-1", 3L);
    }
  }

  @Test
  void reportsWhatIsStoredAndTheSameAfterARestart() throws Exception {
    Map<String, Double> metrics = metricsOfANewProcess();
    String phase = "{resharding_id=\"op-1\",resharding_phase=\"PLANNING\"}";
    String step = "{resharding_source_shard=\"shard-0\",resharding_target_shard=\"shard-1\"}";
    assertThat(metrics)
        .containsEntry("resharding_phase_duration_ms_count" + phase, 1.0)
        .containsEntry("resharding_rows_copied_total" + step, 40.0)
        .containsEntry("resharding_rows_per_second", 0.0)
        .containsEntry("resharding_verification_mismatches_total{resharding_id=\"op-1\"}", 3.0)
        .containsEntry("resharding_cutover_duration_ms_count{resharding_id=\"op-1\"}", 1.0)
        .containsEntry("resharding_cutover_duration_ms_sum{resharding_id=\"op-1\"}", 250.0)
        .containsEntry("resharding_active_resharding_count", 1.0)
        .containsEntry(
            "resharding_trouble{resharding_error=\"resharding.source_unavailable\","
                + "resharding_id=\"op-1\",resharding_phase=\"COPYING\"}",
            1.0);
    assertThat(metrics.get("resharding_cdc_lag_ms")).isBetween(2_000.0, 60_000.0);

    Map<String, Double> again = metricsOfANewProcess();
    metrics.remove("resharding_cdc_lag_ms");
    again.remove("resharding_cdc_lag_ms");
    assertThat(again).isEqualTo(metrics);
  }

  @Test
  void sendsMetricsAndSpansToACollector() throws Exception {
    Map<String, String> received = new ConcurrentHashMap<>();
    HttpServer collector =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String body =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1);
            received.merge(exchange.getRequestURI().getPath(), body, String::concat);
            exchange.sendResponseHeaders(200, -1);
          }
        });
    collector.start();
    try (Monitor monitor = new Monitor(stored.control())) {
      String endpoint = "http://127.0.0.1:" + collector.getAddress().getPort();
      Telemetry telemetry =
          Telemetry.start(new ReshardConfig.Telemetry(null, null, endpoint), monitor);
      monitor.start();
      Awaitility.await().until(() -> monitor.picture().active().isPresent());
      telemetry.tracer().spanBuilder("resharding.execution").startSpan().end();
      telemetry.close();
    } finally {
      collector.stop(0);
    }
    assertThat(received.get("/v1/traces")).contains("resharding.execution", "service.name");
    assertThat(received.get("/v1/metrics"))
        .contains("resharding.rows_copied_total", "resharding.source_shard", "op-1");
  }
}
