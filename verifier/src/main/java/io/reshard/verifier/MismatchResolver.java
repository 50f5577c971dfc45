package io.reshard.verifier;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Split;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns aggregates into results. Those that agree are results at once; those that do not are read
 * again split by split, and what still does not is traced to keys; the keys are judged together
 * with those of other splits, because each judgement waits for the migration job. Reading again is
 * held back as the scans are, and ends when somebody wants the run to stop. For one thread.
 */
final class MismatchResolver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MismatchResolver.class);

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
  private final StopSignal stop;
  private final ReadingTurns turns;
  private final ReplicationBarrier barrier;
  private final KeyJudge judge;
  private final Map<ReaderKey, StepReader> readers = new HashMap<>();
  private final List<Suspect> suspects = new ArrayList<>();
  private final List<StepTally> waiting = new ArrayList<>();
  private long waitingSince;
  private boolean stopped;

  MismatchResolver(Verification verification, Consumer<StepResult> results) {
    this.verification = verification;
    this.results = results;
    this.sessions = new ShardSessions(verification);
    this.stop = new StopSignal(verification);
    this.turns = new ReadingTurns(verification, stop);
    this.barrier = new ReplicationBarrier(verification, stop);
    this.judge = new KeyJudge(barrier, stop);
  }

  private record ReaderKey(int table, String source, String target) {}

  /** Takes both sides of one stretch and step; results may come at once or later. */
  void add(StepAggregates aggregates) {
    untilStopped(() -> compare(aggregates));
  }

  /**
   * Once somebody wants the run to stop, nothing has a verdict any more, not even what agrees: (1)
   * a stretch's strays come, and are not named because of the stop; (2) its steps agree, and its
   * splits are finished; (3) whoever goes on with the run never looks for those strays again.
   */
  private void untilStopped(Runnable work) {
    if (stopped) {
      return;
    }
    try {
      work.run();
    } catch (ReshardingException e) {
      if (e.errorCode() != ErrorCode.VERIFICATION_STOPPED) {
        throw e;
      }
      LOG.info("{}; {} splits are left without a verdict", e.getMessage(), waiting.size());
      stopped = true;
      suspects.clear();
      waiting.clear();
    }
  }

  private void compare(StepAggregates aggregates) {
    Stretch stretch = Stretch.parse(aggregates.stretch());
    Optional<VerificationReport.StrayTotal> strays = aggregates.strays();
    if (strays.isPresent()) {
      Side side = aggregates.sourceRows() == null ? Side.TARGET : Side.SOURCE;
      strays(stretch, side, strays.get().shard());
    } else if (aggregates.agree(verification.mode())) {
      accept(stretch, aggregates);
    } else if (stretch.splits().size() > 1) {
      reader(stretch, aggregates.step()).perSplit(stretch).forEach(this::compare);
    } else {
      trace(stretch.first(), aggregates);
    }
  }

  /**
   * Rows are not counted per split where nothing differs: the first one, which is written first,
   * has them all, and names the splits that they are of.
   */
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
              first ? stretch.countedSplits() : null,
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
      judgeAll();
    }
  }

  /** The scan has only found out that there are strays: here they are told apart, and named. */
  private void strays(Stretch stretch, Side side, String shard) {
    Split range = stretch.range();
    StepSql sql = sql(range.table(), range.source());
    long bytes = sql.bytesOf(range.estimatedRows());
    for (Mismatch.Kind kind : List.of(Mismatch.Kind.UNOWNED, Mismatch.Kind.STRAY)) {
      String text = sql.strays(range, shard, kind, verification.samples());
      Strays found =
          sessions.scan(
              side,
              shard,
              connection ->
                  turns.read(shard, bytes, () -> strays(connection.createStatement(), text, sql)));
      if (found.rows() > 0) {
        String subject = new VerificationReport.StrayTotal(shard, kind, found.rows()).subject();
        List<Mismatch> samples =
            found.keys().stream()
                .limit(verification.samples())
                .map(key -> Mismatch.of(sql.tableName(), key, kind))
                .toList();
        results.accept(
            new StepResult(
                range.id(),
                subject,
                0,
                found.rows(),
                0,
                0,
                stretch.countedSplits(),
                Documents.toJson(samples)));
      }
    }
  }

  /** How many rows there are of one kind, and the keys of some. */
  private record Strays(long rows, List<List<String>> keys) {}

  private static Strays strays(Statement statement, String text, StepSql sql) throws SQLException {
    long rows = 0;
    List<List<String>> keys = new ArrayList<>();
    try (statement;
        ResultSet row = statement.executeQuery(text)) {
      while (row.next()) {
        rows = row.getLong(1);
        keys.add(sql.key(row, 2));
      }
    }
    return new Strays(rows, keys);
  }

  private StepSql sql(int table, String source) {
    return new StepSql(verification.plan(), verification.mode(), table, source);
  }

  private StepReader reader(Stretch stretch, String step) {
    String source = stretch.first().source();
    String target = step.substring((source + "->").length());
    return readers.computeIfAbsent(
        new ReaderKey(stretch.first().table(), source, target),
        key -> new StepReader(sessions, turns, sql(key.table(), source), source, target));
  }

  private void judgeSuspects() {
    judge.decide(suspects);
    suspects.clear();
  }

  /** Judges what is open and gives out every result that is still missing. */
  void finish() {
    untilStopped(this::judgeAll);
  }

  private void judgeAll() {
    judgeSuspects();
    waiting.forEach(tally -> results.accept(tally.result()));
    waiting.clear();
  }

  @Override
  public void close() throws SQLException {
    sessions.close();
    barrier.close();
    turns.close();
    stop.close();
  }
}
