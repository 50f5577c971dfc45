package io.reshard.orchestrator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reshard.orchestrator.flink.FlinkCluster;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import org.apache.flink.api.common.JobID;

/** How many checkpoints of a job have failed and completed, from Flink's REST interface. */
record CheckpointCounts(URI address) {
  static CheckpointCounts of(FlinkCluster cluster, JobID job) {
    return new CheckpointCounts(cluster.address().resolve("/jobs/" + job + "/checkpoints"));
  }

  long failed() throws IOException {
    return count("failed");
  }

  long completed() throws IOException {
    return count("completed");
  }

  private long count(String kind) throws IOException {
    try (InputStream answer = address.toURL().openStream()) {
      JsonNode statistics = new ObjectMapper().readTree(answer);
      return statistics.get("counts").get(kind).asLong();
    }
  }
}
