package io.reshard.orchestrator.flink;

import com.fasterxml.jackson.databind.JsonNode;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a cluster's REST interface tells about a job. Its answers can be some seconds old ({@code
 * web.refresh-interval}).
 */
public final class JobStatistics {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final URI job;

  /**
   * The job of a cluster.
   *
   * @param flink the address of the REST interface
   */
  public JobStatistics(URI flink, String jobId) {
    this.job = flink.resolve("/jobs/" + jobId);
  }

  /** A checkpoint that has ended. */
  public record Checkpoint(long id, boolean completed, Instant begun, Instant ended) {}

  /**
   * When the first subtask began to run, in milliseconds since 1970; empty until every one of them
   * runs, or has run. Sources begin to read while others are still opening.
   */
  public OptionalLong runningSinceMillis() throws IOException, InterruptedException {
    List<Long> starts = new ArrayList<>();
    for (JsonNode vertex : get("").path("vertices")) {
      JsonNode times = get("/vertices/" + vertex.path("id").asText() + "/subtasktimes");
      for (JsonNode subtask : times.path("subtasks")) {
        starts.add(subtask.path("timestamps").path("RUNNING").asLong());
      }
    }
    return starts.stream().allMatch(start -> start > 0)
        ? starts.stream().mapToLong(Long::longValue).min()
        : OptionalLong.empty();
  }

  /** The newest checkpoints that have ended: as many as the cluster keeps, ten by default. */
  public List<Checkpoint> checkpoints() throws IOException, InterruptedException {
    List<Checkpoint> ended = new ArrayList<>();
    for (JsonNode one : get("/checkpoints").path("history")) {
      String status = one.path("status").asText();
      long begun = one.path("trigger_timestamp").asLong();
      if (!"IN_PROGRESS".equals(status)) {
        ended.add(
            new Checkpoint(
                one.path("id").asLong(),
                "COMPLETED".equals(status),
                Instant.ofEpochMilli(begun),
                Instant.ofEpochMilli(begun + one.path("end_to_end_duration").asLong())));
      }
    }
    return ended;
  }

  private JsonNode get(String path) throws IOException, InterruptedException {
    URI address = URI.create(job + path);
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(address).timeout(TIMEOUT).build(),
                HttpResponse.BodyHandlers.ofString());
    return Documents.parse(
        answer.body(), JsonNode.class, ErrorCode.FLINK_UNAVAILABLE, address.toString());
  }
}
