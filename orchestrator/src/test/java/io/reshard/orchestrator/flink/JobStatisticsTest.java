package io.reshard.orchestrator.flink;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.reshard.orchestrator.flink.JobStatistics.Checkpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers as Flink 1.20 gives them, shortened. */
class JobStatisticsTest {
  private HttpServer server;
  private JobStatistics statistics;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    statistics = new JobStatistics(address, "j");
    answer(
        "/jobs/j",
        """
        {"jid": "j", "timestamps": {"RUNNING": 1}, "vertices": [
          {"id": "a", "status": "RUNNING", "start-time": 2}, {"id": "b", "start-time": 3}]}
        """);
    answer("/jobs/j/vertices/a/subtasktimes", subtasks(1700, 1500));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aJobRunsFromItsFirstSubtaskOn() throws Exception {
    answer("/jobs/j/vertices/b/subtasktimes", subtasks(1600));
    assertThat(statistics.runningSinceMillis()).hasValue(1500);
  }

  @Test
  void aJobWithASubtaskThatIsStillDeployedDoesNotRun() throws Exception {
    answer("/jobs/j/vertices/b/subtasktimes", subtasks(1600, 0));
    assertThat(statistics.runningSinceMillis()).isEmpty();
  }

  @Test
  void onlyCheckpointsThatHaveEndedAreTold() throws Exception {
    answer(
        "/jobs/j/checkpoints",
        """
        {"counts": {"completed": 1}, "history": [
          {"id": 9, "status": "IN_PROGRESS", "trigger_timestamp": 900, "end_to_end_duration": 1},
          {"id": 8, "status": "FAILED", "trigger_timestamp": 800, "end_to_end_duration": 20},
          {"id": 7, "status": "COMPLETED", "trigger_timestamp": 700, "end_to_end_duration": 30}]}
        """);
    assertThat(statistics.checkpoints())
        .containsExactly(
            new Checkpoint(8, false, Instant.ofEpochMilli(800), Instant.ofEpochMilli(820)),
            new Checkpoint(7, true, Instant.ofEpochMilli(700), Instant.ofEpochMilli(730)));
  }

  private static String subtasks(long... running) {
    StringBuilder all = new StringBuilder();
    for (long time : running) {
      all.append(all.isEmpty() ? "" : ", ")
          .append("{\"timestamps\": {\"DEPLOYING\": 1400, \"RUNNING\": " + time + "}}");
    }
    return "{\"subtasks\": [" + all + "]}";
  }

  private void answer(String path, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    server.createContext(
        path,
        exchange -> {
          exchange.sendResponseHeaders(200, bytes.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
          }
        });
  }
}
