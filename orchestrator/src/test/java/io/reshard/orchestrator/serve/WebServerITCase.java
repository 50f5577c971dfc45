package io.reshard.orchestrator.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.StopMode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The HTTP endpoints over operations that are only stored. */
class WebServerITCase {
  private static EmbeddedPostgresServer server;

  private final HttpClient client = HttpClient.newHttpClient();
  private StoredOperation stored;
  private ServedPage page;

  @BeforeAll
  static void startServer() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void serve() throws SQLException {
    stored = StoredOperation.none(server);
    page = ServedPage.of(stored);
  }

  @AfterEach
  void stop() {
    page.close();
  }

  private HttpResponse<String> send(String method, String path)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(page.address().resolve(path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private JsonNode json(String path, int status) throws IOException, InterruptedException {
    HttpResponse<String> response = send("GET", path);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/json");
    return Documents.parse(response.body(), JsonNode.class, ErrorCode.INTERNAL, path);
  }

  @Test
  void servesThePageAndNothingElse() throws Exception {
    for (String path : List.of("/", "/page.css", "/page.js", "/chart.js")) {
      HttpResponse<String> file = send("GET", path);
      assertThat(file.statusCode()).isEqualTo(200);
      // Nothing is loaded from elsewhere: the page works without any other network.
      assertThat(file.body())
          .doesNotContainPattern("(src|href|from|url\\()\\s*[=(]?\\s*[\"']?https?:");
      assertThat(file.headers().firstValue("Content-Security-Policy").orElseThrow())
          .contains("default-src 'self'");
      assertThat(send("HEAD", path).statusCode()).isEqualTo(200);
    }
    assertThat(json("/nothing", 404).get("message").asText()).contains("no such page");
    assertThat(json("/health/nothing", 404)).isNotNull();
    assertThat(send("POST", "/api/operations").statusCode()).isEqualTo(405);
    assertThat(page.address().getHost()).isEqualTo("127.0.0.1");
  }

  @Test
  void answersWithTheStatusOfAllOperations() throws Exception {
    assertThat(json("/api/operations", 200)).isEmpty();
    stored.create(Optional.empty());
    stored.copy(40);
    String expected = Documents.toJson(new StatusReader(stored.control()).read("op-1"));
    assertThat(json("/api/operations", 200).get(0))
        .isEqualTo(Documents.parse(expected, JsonNode.class, ErrorCode.INTERNAL, "status"));
  }

  @Test
  void tellsHealthByStatusCode() throws Exception {
    assertThat(json("/health", 200).get("status").asText()).isEqualTo("HEALTHY");
    stored.create(Optional.empty());
    JsonNode degraded = json("/health", 200);
    assertThat(degraded.get("status").asText()).isEqualTo("DEGRADED");
    assertThat(degraded.get("data").get("activeOperations").asText()).isEqualTo("op-1=PLANNING");
    new PostgresOperationStore(stored.control())
        .fail(stored.operation(), new OperationError("resharding.copy_failed", "why"));
    JsonNode unhealthy = json("/health", 503);
    assertThat(unhealthy.get("data").get("failedIds").asText()).isEqualTo("op-1");
  }

  @Test
  void showsWhyNothingMovesAndWhatToDo() throws Exception {
    stored.create(Optional.empty());
    stored.copy(40);
    JsonNode shown = shownWith("COPYING");
    assertThat(shown.get("hindrance").get("reason").asText()).startsWith("No process drives it");
    assertThat(shown.get("hindrance").get("remedy").asText()).contains("'reshard resume op-1'");
    assertThat(shown.get("plan").get(0).get("estimatedRows").asInt()).isEqualTo(100);
    assertThat(shown.get("samples")).isNotEmpty();
    JsonNode shards = json("/api/view", 200).get("shards");
    assertThat(shards.get(1).get("after").asText()).isEqualTo("80-");

    new PostgresOperationStore(stored.control())
        .fail(stored.operation(), new OperationError("resharding.key_collision", "two owners"));
    JsonNode failed = shownWith("FAILED").get("hindrance");
    assertThat(failed.get("reason").asText()).contains("key_collision").contains("two owners");
    assertThat(failed.get("remedy").asText()).contains("'rollback'");
  }

  private JsonNode shownWith(String phase) {
    return Awaitility.await()
        .until(
            () -> json("/api/view?id=op-1", 200).path("shown"),
            shown -> shown.path("status").path("phase").asText().equals(phase));
  }

  @Test
  void tellsThatTheControlDatabaseIsAway() throws Exception {
    stored.create(Optional.empty());
    server.stop(StopMode.IMMEDIATE);
    try {
      assertThat(json("/health", 503).get("description").asText())
          .startsWith("Failed to query resharding state: ");
      assertThat(json("/api/operations", 503).get("code").asText())
          .isEqualTo("resharding.state_store_failed");
    } finally {
      server.resume();
    }
    assertThat(json("/health", 200).get("status").asText()).isEqualTo("DEGRADED");
  }

  @Test
  void saysWhichAddressIsTaken() {
    assertThatThrownBy(() -> ServedPage.of(stored, page.address().getPort()))
        .isInstanceOf(ReshardingException.class)
        .hasMessageContaining("cannot listen on 127.0.0.1:" + page.address().getPort())
        .hasMessageContaining("--port");
  }
}
