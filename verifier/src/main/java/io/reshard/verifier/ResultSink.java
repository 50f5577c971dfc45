package io.reshard.verifier;

import io.reshard.core.control.ControlDatabase;
import java.time.Duration;
import org.apache.flink.connector.jdbc.JdbcExecutionOptions;
import org.apache.flink.connector.jdbc.core.datastream.sink.JdbcSink;

/** Makes the sink that writes results to the control database. Writing one again does no harm. */
final class ResultSink {
  private static final String UPSERT =
      "INSERT INTO "
          + ControlDatabase.SCHEMA
          + ".verification (operation_id, run, mode, split, step, source_rows, target_rows,"
          + " mismatches, undecided, counted_splits, samples) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
          + " ?::integer[], ?::jsonb) ON CONFLICT (operation_id, run, split, step) DO UPDATE SET"
          + " mode = excluded.mode, source_rows = excluded.source_rows, target_rows ="
          + " excluded.target_rows, mismatches = excluded.mismatches, undecided ="
          + " excluded.undecided, counted_splits = excluded.counted_splits, samples ="
          + " excluded.samples, created_at = now()";
  private static final int BATCH_ROWS = 100;
  private static final Duration BATCH_INTERVAL = Duration.ofSeconds(1);
  private static final int RETRIES = 3;

  private ResultSink() {}

  static JdbcSink<StepResult> of(Verification verification) {
    String operation = verification.plan().planId();
    String run = verification.run();
    String mode = verification.mode().name();
    return JdbcSink.<StepResult>builder()
        .withQueryStatement(
            UPSERT,
            (statement, result) -> {
              statement.setString(1, operation);
              statement.setString(2, run);
              statement.setString(3, mode);
              statement.setInt(4, result.split());
              statement.setString(5, result.step());
              statement.setLong(6, result.sourceRows());
              statement.setLong(7, result.targetRows());
              statement.setLong(8, result.mismatches());
              statement.setLong(9, result.undecided());
              statement.setString(10, result.countedSplits());
              statement.setString(11, result.samples());
            })
        .withExecutionOptions(
            JdbcExecutionOptions.builder()
                .withBatchSize(BATCH_ROWS)
                .withBatchIntervalMs(BATCH_INTERVAL.toMillis())
                .withMaxRetries(RETRIES)
                .build())
        .buildAtLeastOnce(
            new ControlConnections(
                verification.secrets().control().endpoint(), verification.application()));
  }
}
