package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Flink's Web UI shows of a running job, from the REST interface that it asks itself. */
@Tag("long")
@Tag("cluster")
class OperatorMetricsITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String READ = "Read rows to copy";
  private static final String COPY = "Write copied rows";
  private static final String BUILD = "Build indexes when a table is copied";
  private static final String HOLD = "Hold back changes until their table is copied";
  private static final String READ_AGAIN = "Read changed rows again";
  private static final String WRITE = "Write changed rows";
  private static final int CHANGED = 40;

  @TempDir private Path folder;
  private EmbeddedMigration migration;

  @Test
  void everyOperatorTellsOfItsRowsAndBytes() throws Exception {
    try (EmbeddedMigration started = EmbeddedMigration.start(folder, 2, 2_000).to(3)) {
      migration = started;
      String id = started.plan().planId();
      ThrottleStore throttles = new ThrottleStore(started.context().control());
      throttles.set(id, new Throttle(null, null, "SELECT 1", 0.0));
      CompletableFuture<Operation> driving =
          CompletableFuture.supplyAsync(() -> started.drive(Phase.REPLICATING));
      eventually(
          () -> {
            assertThat(sum(BUILD, "splitsLeft")).isGreaterThanOrEqualTo(plannedSplits());
            assertThat(sum(BUILD, "tablesLeft")).isEqualTo(started.plan().tables().size());
          });
      change();
      eventually(() -> assertThat(sum(HOLD, "parkedKeys")).isEqualTo(CHANGED));

      throttles.set(id, Throttle.NONE);
      driving.join();
      change();
      Replication.awaitCurrent(started.context());
      long copied = copiedRows();
      eventually(
          () -> {
            assertThat(sum(READ, "rowsRead")).isEqualTo(copied);
            assertThat(sum(COPY, "rowsCopied")).isEqualTo(copied);
            assertThat(sum(READ, "bytesRead")).isEqualTo(sum(COPY, "bytesCopied"));
            assertThat(sum(READ, "bytesRead")).isGreaterThan(copied);
            assertThat(sum(BUILD, "splitsLeft")).isZero();
            assertThat(sum(BUILD, "tablesLeft")).isZero();
            assertThat(sum(HOLD, "parkedKeys")).isZero();
            // What is copied to a shard that is a source too has changed there.
            assertThat(sum(READ_AGAIN, "keysFetched")).isGreaterThanOrEqualTo(2 * CHANGED);
            assertThat(sum(READ_AGAIN, "rowsRead")).isEqualTo(2 * CHANGED);
            assertThat(sum(READ_AGAIN, "bytesRead")).isGreaterThan(2 * CHANGED);
            assertThat(sum(WRITE, "rowsMerged")).isPositive().isLessThanOrEqualTo(2 * CHANGED);
            assertThat(sum(WRITE, "bytesMerged")).isGreaterThan(sum(WRITE, "rowsMerged"));
            assertThat(sum(WRITE, "retries")).isNotNegative();
            assertThat(sum(WRITE, "lagMillis")).isNotNegative();
          });
    }
  }

  /** A split counts for each of its targets, and for at least one. */
  private long plannedSplits() {
    return migration.plan().splits().size();
  }

  private long copiedRows() {
    return new JobProgress(migration.context().control(), migration.plan().planId())
        .copiedRows().values().stream().mapToLong(Long::longValue).sum();
  }

  private void change() throws Exception {
    migration.run(
        "shard-0",
        "UPDATE customer SET name = name || '.' WHERE customer_id IN"
            + " (SELECT customer_id FROM customer ORDER BY 1 LIMIT "
            + CHANGED
            + ")");
  }

  /** Over all subtasks. */
  private long sum(String operator, String metric) throws IOException {
    JsonNode vertex = vertex(operator);
    String metrics = "/vertices/" + vertex.get("id").asText() + "/subtasks/metrics";
    String name =
        elements(get(metrics))
            .map(one -> one.get("id").asText())
            .filter(one -> one.endsWith("." + metric))
            .findFirst()
            .orElseThrow(() -> new AssertionError(operator + " has no " + metric));
    return get(metrics + "?agg=sum&get=" + name).get(0).get("sum").asLong();
  }

  private JsonNode vertex(String operator) throws IOException {
    return elements(get("").get("vertices"))
        .filter(one -> one.get("name").asText().contains(operator))
        .findFirst()
        .orElseThrow(() -> new AssertionError("there is no operator " + operator));
  }

  private static Stream<JsonNode> elements(JsonNode array) {
    return Stream.iterate(0, place -> place < array.size(), place -> place + 1).map(array::get);
  }

  private JsonNode get(String path) throws IOException {
    String job =
        Optional.ofNullable(
                new PostgresOperationStore(migration.context().control())
                    .get(migration.plan().planId())
                    .jobId())
            .orElseThrow(() -> new AssertionError("there is no job yet"));
    URI address =
        migration.context().cluster().orElseThrow().address().resolve("/jobs/" + job + path);
    try (InputStream answer = address.toURL().openStream()) {
      return new ObjectMapper().readTree(answer);
    }
  }

  private static void eventually(ThrowingRunnable check) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .ignoreExceptionsInstanceOf(IOException.class)
        .untilAsserted(check);
  }
}
