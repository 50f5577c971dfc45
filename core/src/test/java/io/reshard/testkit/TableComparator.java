package io.reshard.testkit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Compares one table by merging two ordered streams. For one use. */
final class TableComparator {
  private static final int SAMPLES_PER_KIND = 10;

  private final TableShape shape;
  private final List<OwnedShard> reference;
  private final List<OwnedShard> compared;
  private final Map<RowDifference.Kind, Long> counts = new EnumMap<>(RowDifference.Kind.class);
  private final List<RowDifference> samples = new ArrayList<>();

  TableComparator(TableShape shape, List<OwnedShard> reference, List<OwnedShard> compared) {
    this.shape = shape;
    this.reference = reference;
    this.compared = compared;
  }

  TableComparison compare() throws SQLException {
    try (MergedRows expected = new MergedRows(reference, shape, this::duplicate);
        MergedRows actual = new MergedRows(compared, shape, this::duplicate)) {
      merge(expected, actual);
      Map<String, Long> strays = strays(actual);
      return new TableComparison(
          shape.table().name(),
          expected.rows(),
          actual.rows(),
          count(RowDifference.Kind.MISSING),
          count(RowDifference.Kind.EXTRA),
          count(RowDifference.Kind.DIFFERENT),
          count(RowDifference.Kind.DUPLICATE),
          strays,
          samples);
    }
  }

  private void merge(MergedRows expected, MergedRows actual) throws SQLException {
    expected.advance();
    actual.advance();
    while (expected.current() != null || actual.current() != null) {
      int order = order(expected.current(), actual.current());
      if (order < 0) {
        note(RowDifference.Kind.MISSING, expected.current(), expected.currentShard());
        expected.advance();
      } else if (order > 0) {
        note(RowDifference.Kind.EXTRA, actual.current(), actual.currentShard());
        actual.advance();
      } else {
        if (!expected.current().digest().equals(actual.current().digest())) {
          note(RowDifference.Kind.DIFFERENT, actual.current(), actual.currentShard());
        }
        expected.advance();
        actual.advance();
      }
    }
  }

  private static int order(KeyedRow expected, KeyedRow actual) {
    if (expected == null) {
      return 1;
    }
    return actual == null ? -1 : expected.compareTo(actual);
  }

  /** All rows of a shard but those that it has delivered as its own. */
  private Map<String, Long> strays(MergedRows actual) throws SQLException {
    Map<String, Long> strays = new TreeMap<>();
    for (OwnedShard shard : compared) {
      try (Connection connection = shard.connections().open();
          Statement statement = connection.createStatement()) {
        SessionSettings.pin(connection);
        long count = rowCount(statement) - actual.rowsOf(shard.id());
        if (count > 0) {
          strays.put(shard.id(), count);
          sampleStrays(statement, shard);
        }
      }
    }
    return strays;
  }

  private long rowCount(Statement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery(shape.countQuery())) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private void sampleStrays(Statement statement, OwnedShard shard) throws SQLException {
    String query = shape.strayKeysQuery(shard.ownership(), SAMPLES_PER_KIND);
    try (ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        Object[] key = new Object[shape.table().key().size()];
        for (int column = 0; column < key.length; column++) {
          key[column] = rows.getString(column + 1);
        }
        note(RowDifference.Kind.STRAY, new KeyedRow(key, ""), shard.id());
      }
    }
  }

  private void duplicate(KeyedRow row, String shard) {
    note(RowDifference.Kind.DUPLICATE, row, shard);
  }

  private void note(RowDifference.Kind kind, KeyedRow row, String shard) {
    if (counts.merge(kind, 1L, Long::sum) <= SAMPLES_PER_KIND) {
      samples.add(new RowDifference(kind, shape.table().name(), row.keyValues(), shard));
    }
  }

  private long count(RowDifference.Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }
}
