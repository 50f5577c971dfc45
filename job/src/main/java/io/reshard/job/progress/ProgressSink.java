package io.reshard.job.progress;

import io.reshard.core.postgres.Endpoint;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.jdbc.JdbcConnectionOptions;
import org.apache.flink.connector.jdbc.JdbcExecutionOptions;
import org.apache.flink.connector.jdbc.core.datastream.sink.JdbcSink;

/**
 * Writes progress to the control database: values of a key only grow, so repetition is harmless.
 */
public final class ProgressSink {
  private static final String UPSERT =
      "INSERT INTO reshard.job_progress (operation_id, kind, subject, generation, attempt, value)"
          + " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT"
          + " (operation_id, kind, subject, generation, attempt) DO UPDATE"
          + " SET value = greatest(job_progress.value, excluded.value), updated_at = now()";

  private ProgressSink() {}

  /** The sink. Each update is written at once: the drain at the cutover waits for it. */
  public static Sink<ProgressUpdate> create(String operationId, Endpoint control) {
    JdbcConnectionOptions.JdbcConnectionOptionsBuilder connection =
        new JdbcConnectionOptions.JdbcConnectionOptionsBuilder()
            .withUrl(control.url())
            .withDriverName("org.postgresql.Driver")
            .withProperty("ApplicationName", "reshard " + operationId + " progress")
            // What a crash of the control database takes back is reported again, or more, soon.
            .withProperty("options", "-c synchronous_commit=off");
    if (control.user() != null) {
      connection.withUsername(control.user());
    }
    if (control.password() != null) {
      connection.withPassword(control.password());
    }
    return JdbcSink.<ProgressUpdate>builder()
        .withQueryStatement(
            UPSERT,
            (statement, update) -> {
              statement.setString(1, operationId);
              statement.setString(2, update.kind);
              statement.setString(3, update.subject);
              statement.setInt(4, update.generation);
              statement.setInt(5, update.attempt);
              statement.setLong(6, update.value);
            })
        .withExecutionOptions(
            JdbcExecutionOptions.builder()
                .withBatchSize(1)
                .withBatchIntervalMs(0)
                .withMaxRetries(3)
                .build())
        .buildAtLeastOnce(connection.build());
  }
}
