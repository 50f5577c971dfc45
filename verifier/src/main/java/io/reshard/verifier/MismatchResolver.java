package io.reshard.verifier;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Split;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Turns aggregates into results. Those that agree are results at once; those that do not are traced
 * to keys, and the keys are judged together with those of other splits, because each judgement
 * waits for the migration job. For one thread.
 */
final class MismatchResolver implements AutoCloseable {
  /** A bucket's keys and hashes are in memory at the same time, of both sides. */
  private static final int ROWS_PER_BUCKET = 50_000;

  private static final int MAX_SUSPECTS = 20_000;
  private static final int MAX_WAITING_SPLITS = 500;

  /** Under write load most splits differ for a moment; their results must not wait for the end. */
  private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Verification verification;
  private final Consumer<StepResult> results;
  private final ShardSessions sessions;
  private final ReplicationBarrier barrier;
  private final KeyJudge judge;
  private final Map<ReaderKey, StepReader> readers = new HashMap<>();
  private final List<Suspect> suspects = new ArrayList<>();
  private final List<StepTally> waiting = new ArrayList<>();
  private long waitingSince;

  MismatchResolver(Verification verification, Consumer<StepResult> results) {
    this.verification = verification;
    this.results = results;
    this.sessions = ShardSessions.onPrimaries(verification);
    this.barrier = new ReplicationBarrier(verification);
    this.judge = new KeyJudge(barrier);
  }

  private record ReaderKey(int table, String source, String target) {}

  /** Takes both sides of one split and step; results may come at once or later. */
  void add(StepAggregates aggregates) {
    Split split =
        Documents.parse(aggregates.split(), Split.class, ErrorCode.INTERNAL, "a split of the plan");
    Optional<VerificationReport.StrayTotal> strays = aggregates.strays();
    if (strays.isPresent()) {
      results.accept(strays(split, strays.get(), aggregates));
      return;
    }
    StepTally tally = tally(aggregates, split);
    if (aggregates.agree(verification.mode())) {
      results.accept(tally.result());
      return;
    }
    long rows = Math.max(aggregates.sourceRows(), aggregates.targetRows());
    int buckets = (int) Math.max(1, rows / ROWS_PER_BUCKET);
    for (int bucket : tally.reader().differingBuckets(split, buckets)) {
      for (List<String> key : tally.reader().differingKeys(split, bucket, buckets)) {
        suspects.add(new Suspect(tally, key));
        if (suspects.size() >= MAX_SUSPECTS) {
          judgeSuspects();
        }
      }
    }
    if (waiting.isEmpty()) {
      waitingSince = System.nanoTime();
    }
    waiting.add(tally);
    if (waiting.size() >= MAX_WAITING_SPLITS
        || System.nanoTime() - waitingSince >= LONGEST_WAIT_NANOS) {
      finish();
    }
  }

  private StepResult strays(
      Split split, VerificationReport.StrayTotal strays, StepAggregates aggregates) {
    StepSql sql = sql(split.table(), split.source());
    String text = sql.strays(split, strays.shard(), strays.kind(), verification.samples());
    List<Mismatch> samples =
        sessions.read(
            aggregates.sourceRows() == null ? Side.TARGET : Side.SOURCE,
            strays.shard(),
            connection -> {
              List<Mismatch> found = new ArrayList<>();
              try (Statement statement = connection.createStatement();
                  ResultSet row = statement.executeQuery(text)) {
                while (row.next()) {
                  found.add(Mismatch.of(sql.tableName(), sql.key(row, 1), strays.kind()));
                }
              }
              return found;
            });
    return new StepResult(
        split.id(), strays.subject(), 0, strays.rows(), 0, 0, Documents.toJson(samples));
  }

  private StepSql sql(int table, String source) {
    return new StepSql(verification.plan(), verification.mode(), table, source);
  }

  private StepTally tally(StepAggregates aggregates, Split split) {
    String target = aggregates.step().substring((split.source() + "->").length());
    StepReader reader =
        readers.computeIfAbsent(
            new ReaderKey(split.table(), split.source(), target),
            key ->
                new StepReader(
                    sessions, sql(key.table(), key.source()), key.source(), key.target()));
    String table = verification.plan().tables().get(split.table()).displayName();
    return new StepTally(aggregates, split, reader, table, verification.samples());
  }

  private void judgeSuspects() {
    judge.decide(suspects);
    suspects.clear();
  }

  /** Judges what is open and gives out every result that is still missing. */
  void finish() {
    judgeSuspects();
    waiting.forEach(tally -> results.accept(tally.result()));
    waiting.clear();
  }

  @Override
  public void close() {
    sessions.close();
    barrier.close();
  }
}
