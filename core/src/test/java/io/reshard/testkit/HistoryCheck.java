package io.reshard.testkit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * One check of shards against a history: every owned row is read once, in any order. For one use.
 */
final class HistoryCheck {
  private static final int THREADS = 2;
  private static final int FETCH_ROWS = 5_000;
  private static final int SAMPLES_PER_KIND = 10;

  /**
   * Key, version, digest, and the digest that the row would have if nobody had written to it since
   * the load.
   */
  private static final String ROWS =
      """
            SELECT %s, CASE WHEN %s = %d THEN %s END FROM %s WHERE %s""";

  private final WriterHistory history;
  private final List<OwnedShard> shards;
  private final Set<RowKey> seen = ConcurrentHashMap.newKeySet();
  private final Map<SampleTable, Long> untouched = new EnumMap<>(SampleTable.class);
  private final Map<HistoryViolation.Kind, Long> counts =
      new EnumMap<>(HistoryViolation.Kind.class);
  private final List<HistoryViolation> samples = new ArrayList<>();
  private long rows;

  HistoryCheck(WriterHistory history, List<OwnedShard> shards) {
    this.history = history;
    this.shards = shards;
  }

  HistoryReport run() throws SQLException {
    history.violations().forEach(this::note);
    readShards();
    history.states().keySet().stream()
        .filter(key -> !seen.contains(key))
        .forEach(this::checkAbsent);
    for (SampleTable table : SampleTable.values()) {
      checkUntouchedCount(table);
    }
    return new HistoryReport(rows, history.writtenKeys(), counts, samples);
  }

  private void readShards() throws SQLException {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> reads = new ArrayList<>();
      for (OwnedShard shard : shards) {
        reads.add(
            threads.submit(
                () -> {
                  readShard(shard);
                  return null;
                }));
      }
      for (Future<?> read : reads) {
        read.get();
      }
    } catch (ExecutionException e) {
      throw new SQLException("history check failed: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestKitException("interrupted during the history check", e);
    } finally {
      threads.shutdownNow();
    }
  }

  private void readShard(OwnedShard shard) throws SQLException {
    try (Connection connection = shard.connections().open()) {
      SessionSettings.pin(connection);
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      for (SampleTable table : SampleTable.values()) {
        readTable(connection, shard, table);
      }
      connection.rollback();
    }
  }

  private void readTable(Connection connection, OwnedShard shard, SampleTable table)
      throws SQLException {
    String query =
        String.format(
            ROWS,
            table.returning(),
            table.versionExpression(),
            table.loadedVersion(),
            table.loadedDigestExpression(),
            table.tableName(),
            shard.ownership());
    long read = 0;
    long asLoaded = 0;
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(FETCH_ROWS);
      try (ResultSet result = statement.executeQuery(query)) {
        while (result.next()) {
          read++;
          RowKey key = new RowKey(table, result.getLong(1), result.getLong(2));
          RowState shown = new RowState(true, result.getLong(3), result.getString(4));
          asLoaded += checkRow(shard, key, shown, result.getString(5)) ? 1 : 0;
        }
      }
    }
    count(table, read, asLoaded);
  }

  private synchronized void count(SampleTable table, long read, long asLoaded) {
    rows += read;
    untouched.merge(table, asLoaded, Long::sum);
  }

  /** True if the row is one that was loaded, and that no writer touched. */
  private boolean checkRow(OwnedShard shard, RowKey key, RowState shown, String loadedDigest) {
    if (history.isWritten(key)) {
      if (!seen.add(key)) {
        note(
            HistoryViolation.Kind.DUPLICATE,
            key,
            shard.id(),
            "the key is on another shard as well");
      } else if (!history.admits(key, shown)) {
        note(
            kind(history.state(key), shown),
            key,
            shard.id(),
            "expected " + history.state(key) + ", found " + shown);
      }
      return false;
    }
    if (shown.digest().equals(loadedDigest)
        && (key.table() == SampleTable.AUDIT || history.isLoaded(key))) {
      return true;
    }
    if (!history.isLoaded(key)) {
      note(HistoryViolation.Kind.MADE_UP, key, shard.id(), "nobody wrote it, found " + shown);
      return false;
    }
    RowState expected = RowState.loaded(key.table());
    note(
        kind(expected, shown),
        key,
        shard.id(),
        "expected the row as it was loaded, found " + shown);
    return true;
  }

  private static HistoryViolation.Kind kind(RowState expected, RowState shown) {
    if (!expected.exists()) {
      return HistoryViolation.Kind.MADE_UP;
    }
    if (!shown.exists() || shown.version() < expected.version()) {
      return HistoryViolation.Kind.LOST;
    }
    return shown.version() > expected.version()
        ? HistoryViolation.Kind.DOUBLED
        : HistoryViolation.Kind.DIFFERENT;
  }

  private void checkAbsent(RowKey key) {
    if (!history.admits(key, RowState.NEVER_EXISTED)) {
      note(
          HistoryViolation.Kind.LOST,
          key,
          "any shard",
          "expected " + history.state(key) + ", found no row");
    }
  }

  /**
   * Loaded rows that nobody wrote to are only counted: which one is missing, {@link EndComparison}
   * can tell.
   */
  private void checkUntouchedCount(SampleTable table) {
    long touched =
        history.states().keySet().stream()
            .filter(key -> key.table() == table && history.isLoaded(key))
            .count();
    long expected = history.loaded().of(table) - touched;
    long found = untouched.getOrDefault(table, 0L);
    if (found != expected) {
      HistoryViolation.Kind kind =
          found < expected ? HistoryViolation.Kind.LOST : HistoryViolation.Kind.DUPLICATE;
      note(
          new HistoryViolation(
              kind,
              table.tableName(),
              "all shards",
              "expected " + expected + " loaded rows that nobody wrote to, found " + found));
    }
  }

  private void note(HistoryViolation.Kind kind, RowKey key, String shard, String description) {
    note(new HistoryViolation(kind, key.toString(), shard, description));
  }

  private synchronized void note(HistoryViolation violation) {
    if (counts.merge(violation.kind(), 1L, Long::sum) <= SAMPLES_PER_KIND) {
      samples.add(violation);
    }
  }
}
