package io.reshard.orchestrator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;

/**
 * How many changed keys wait in the gates of a job, from Flink's REST interface. It can be as old
 * as {@code metrics.fetcher.update-interval} says.
 */
record ParkedKeys(URI flink, String jobId) {
  private static final String GATE = "Hold back changes until their table is copied";

  long count() throws IOException {
    for (JsonNode vertex : get("/jobs/" + jobId).get("vertices")) {
      if (vertex.get("name").asText().startsWith(GATE)) {
        String metric = GATE.replace(' ', '_') + ".parkedKeys";
        JsonNode sums =
            get(
                "/jobs/%s/vertices/%s/subtasks/metrics?agg=sum&get=%s"
                    .formatted(jobId, vertex.get("id").asText(), metric));
        return sums.isEmpty() ? 0 : sums.get(0).get("sum").asLong();
      }
    }
    throw new IOException("job " + jobId + " holds no changes back");
  }

  private JsonNode get(String path) throws IOException {
    try (InputStream answer = flink.resolve(path).toURL().openStream()) {
      return new ObjectMapper().readTree(answer);
    }
  }
}
