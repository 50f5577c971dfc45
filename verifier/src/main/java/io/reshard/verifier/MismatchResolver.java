package io.reshard.verifier;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
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
 * Turns aggregates into results. Those that agree are results at once; those that do not are read
 * again split by split, and what still does not is traced to keys; the keys are judged together
 * with those of other splits, because each judgement waits for the migration job. For one thread.
 */
final class MismatchResolver implements AutoCloseable {
  /** A bucket's keys and hashes are in memory at the same time, of both sides. */
  private static final int ROWS_PER_BUCKET = 50_000;

  private static final String NO_SAMPLES = "[]";
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

  /** Takes both sides of one stretch and step; results may come at once or later. */
  void add(StepAggregates aggregates) {
    Stretch stretch = Stretch.parse(aggregates.stretch());
    Optional<VerificationReport.StrayTotal> strays = aggregates.strays();
    if (strays.isPresent()) {
      Side side = aggregates.sourceRows() == null ? Side.TARGET : Side.SOURCE;
      strays(stretch.range(), side, strays.get().shard());
    } else if (aggregates.agree(verification.mode())) {
      accept(stretch, aggregates);
    } else if (stretch.splits().size() > 1) {
      reader(stretch, aggregates.step()).perSplit(stretch).forEach(this::add);
    } else {
      trace(stretch.first(), aggregates);
    }
  }

  /** Rows are not counted per split where nothing differs: the first one has them all. */
  private void accept(Stretch stretch, StepAggregates aggregates) {
    for (Split split : stretch.splits()) {
      boolean first = split.id() == stretch.first().id();
      results.accept(
          new StepResult(
              split.id(),
              aggregates.step(),
              first ? aggregates.sourceRows() : 0,
              first ? aggregates.targetRows() : 0,
              0,
              0,
              NO_SAMPLES));
    }
  }

  private void trace(Split split, StepAggregates aggregates) {
    StepReader reader = reader(new Stretch(List.of(split)), aggregates.step());
    String table = verification.plan().tables().get(split.table()).displayName();
    StepTally tally = new StepTally(aggregates, split, reader, table, verification.samples());
    long rows = Math.max(aggregates.sourceRows(), aggregates.targetRows());
    int buckets = (int) Math.max(1, rows / ROWS_PER_BUCKET);
    for (int bucket : reader.differingBuckets(split, buckets)) {
      for (List<String> key : reader.differingKeys(split, bucket, buckets)) {
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

  /** The scan has only found out that there are strays: here they are told apart, and named. */
  private void strays(Split range, Side side, String shard) {
    StepSql sql = sql(range.table(), range.source());
    for (Mismatch.Kind kind : List.of(Mismatch.Kind.UNOWNED, Mismatch.Kind.STRAY)) {
      String text = sql.strays(range, shard, kind, verification.samples());
      List<Mismatch> samples = new ArrayList<>();
      long rows =
          sessions.read(
              side,
              shard,
              connection -> {
                samples.clear();
                long count = 0;
                try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(text)) {
                  while (row.next()) {
                    count = row.getLong(1);
                    samples.add(Mismatch.of(sql.tableName(), sql.key(row, 2), kind));
                  }
                }
                return count;
              });
      if (rows > 0) {
        String subject = new VerificationReport.StrayTotal(shard, kind, rows).subject();
        List<Mismatch> kept = samples.subList(0, Math.min(verification.samples(), samples.size()));
        results.accept(new StepResult(range.id(), subject, 0, rows, 0, 0, Documents.toJson(kept)));
      }
    }
  }

  private StepSql sql(int table, String source) {
    return new StepSql(verification.plan(), verification.mode(), table, source);
  }

  private StepReader reader(Stretch stretch, String step) {
    String source = stretch.first().source();
    String target = step.substring((source + "->").length());
    return readers.computeIfAbsent(
        new ReaderKey(stretch.first().table(), source, target),
        key -> new StepReader(sessions, sql(key.table(), source), source, target));
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
