package io.reshard.planner;

import io.reshard.core.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds primary keys that cut one table on one shard into parts of about equal size: from the
 * histogram of the key's leading column where that is fine enough and a sample agrees with it, else
 * from a sample of whole keys. Never scans the table, and never believes statistics alone: they may
 * be of rows that are gone.
 */
final class SplitBounds {
  /** So many blocks are sampled for each part, so that a part's size is right within a few tens. */
  private static final long BLOCKS_PER_PART = 10;

  /** So many are enough to see whether one part is many times as large as the others. */
  private static final long BLOCKS_PER_CHECKED_PART = 2;

  private static final double TOO_LARGE = 4;

  private static final long LEAST_BLOCKS = 300;
  private static final long MOST_BLOCKS = 20_000;

  // Values that are frequent are not in the histogram; they may hold most of the rows.
  private static final String HISTOGRAM =
      """
      SELECT s.histogram_bounds::text::text[] AS bounds,
        coalesce((SELECT sum(f) FROM unnest(s.most_common_freqs) f), 0) AS frequent
      FROM pg_catalog.pg_stats s
      WHERE s.schemaname = ? AND s.tablename = ? AND s.attname = ? AND s.inherited = ?
      """;

  private static final double FEW_FREQUENT = 0.05;

  private final Session session;
  private final TableFacts table;

  SplitBounds(Session session, TableFacts table) {
    this.session = session;
    this.table = table;
  }

  /**
   * At most {@code parts - 1} bounds, strictly ascending in the order of the primary key's index.
   * Each is a prefix of the primary key.
   */
  List<List<String>> find(TableEstimate estimate, int parts) throws SQLException {
    if (parts <= 1 || table.primaryKey().isEmpty() || !table.readable()) {
      return List.of();
    }
    List<String> bounds = estimate.statisticsAreCurrent() ? foretold(estimate, parts) : List.of();
    return bounds.isEmpty() || !areEven(bounds, estimate, parts)
        ? sampled(estimate, parts)
        : bounds.stream().map(List::of).toList();
  }

  /** What the histogram says; empty if it is not fine enough or there is none. */
  private List<String> foretold(TableEstimate estimate, int parts) throws SQLException {
    List<String> histogram = histogram();
    boolean fine = histogram.size() > parts;
    KeyArithmetic arithmetic = KeyArithmetic.of(leading().type()).orElse(null);
    if (!histogram.isEmpty() && arithmetic != null && (table.primaryKey().size() == 1 || fine)) {
      return computed(arithmetic, histogram, estimate, parts);
    }
    return fine ? ordered(thinned(histogram, parts)) : List.of();
  }

  /** Rows of one block often lie in one part, so some blocks more than the share are allowed. */
  private boolean areEven(List<String> bounds, TableEstimate estimate, int parts)
      throws SQLException {
    double blocks = sampledBlocks(estimate, parts * BLOCKS_PER_CHECKED_PART);
    String sql =
        "SELECT coalesce(max(n), 0), coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM (SELECT"
            + " pg_catalog.width_bucket(t."
            + Sql.identifier(leading().name())
            + ", ?::"
            + leading().type()
            + "[]) AS part"
            + sample(estimate, blocks)
            + ") s GROUP BY part) parts";
    return session.one(
        sql,
        row ->
            row.getLong(1) <= TOO_LARGE * row.getLong(2) * (1.0 / parts + 1 / Math.max(1, blocks)),
        session.textArray(bounds));
  }

  private static double sampledBlocks(TableEstimate estimate, long wanted) {
    return Math.min(estimate.blocks(), Math.min(MOST_BLOCKS, Math.max(LEAST_BLOCKS, wanted)));
  }

  /** The same blocks each time, behind the alias t. */
  private String sample(TableEstimate estimate, double blocks) {
    double percent = Math.min(100.0, 100.0 * blocks / Math.max(1, estimate.blocks()));
    return " FROM " + table.scanned() + " t TABLESAMPLE SYSTEM (" + percent + ") REPEATABLE (0)";
  }

  private ColumnFacts leading() {
    return table.column(table.primaryKey().get(0)).orElseThrow();
  }

  private List<String> histogram() throws SQLException {
    return session
        .first(
            HISTOGRAM,
            row ->
                row.getDouble("frequent") <= FEW_FREQUENT
                    ? Session.strings(row, "bounds")
                    : List.<String>of(),
            table.schema(),
            table.name(),
            leading().name(),
            table.kind().equals("p"))
        .orElse(List.of());
  }

  /**
   * The histogram's buckets hold the same number of rows each. Rows that came since then are taken
   * to lie above it, if there are keys above it: most keys grow.
   */
  private List<String> computed(
      KeyArithmetic arithmetic, List<String> histogram, TableEstimate estimate, int parts)
      throws SQLException {
    List<String> points = new ArrayList<>(histogram);
    double[] weights = new double[histogram.size()];
    Arrays.fill(weights, 0, histogram.size() - 1, 1.0 / (histogram.size() - 1));
    String highest = highest(histogram.get(histogram.size() - 1));
    boolean above =
        arithmetic.number(highest).compareTo(arithmetic.number(points.get(points.size() - 1))) > 0;
    points.add(above ? highest : points.get(points.size() - 1));
    weights[weights.length - 1] =
        above ? Math.max(0, estimate.rows() / estimate.analyzedRows() - 1) : 0;
    return arithmetic.cut(points, weights, parts);
  }

  /** Read from the end of the index; {@code otherwise} if the table is empty or has no max. */
  private String highest(String otherwise) throws SQLException {
    if (leading().type().equals("uuid")) {
      return otherwise;
    }
    String column = Sql.identifier(leading().name());
    String highest =
        session.one("SELECT max(" + column + ") FROM " + table.scanned(), row -> row.getString(1));
    return highest == null ? otherwise : highest;
  }

  private static List<String> thinned(List<String> histogram, int parts) {
    List<String> chosen = new ArrayList<>();
    for (int cut = 1; cut < parts; cut++) {
      chosen.add(histogram.get((int) ((long) cut * (histogram.size() - 1) / parts)));
    }
    return chosen;
  }

  /** Sorted and made distinct by the server, in the column's own order. */
  private List<String> ordered(List<String> values) throws SQLException {
    ColumnFacts column = leading();
    String collation = column.collation() == null ? "" : " COLLATE " + column.collation();
    return session.list(
        "SELECT s.b::text FROM (SELECT DISTINCT v::"
            + column.type()
            + collation
            + " AS b FROM unnest(?::text[]) v) s ORDER BY s.b",
        row -> row.getString(1),
        session.textArray(values));
  }

  /**
   * Whole keys of some blocks, ordered by the server; every n-th is a bound. Whole keys differ, so
   * the bounds ascend strictly.
   */
  private List<List<String>> sampled(TableEstimate estimate, int parts) throws SQLException {
    String keys = Sql.identifiers("t", table.primaryKey());
    String texts =
        IntStream.range(0, table.primaryKey().size())
            .mapToObj(index -> "s.k" + index + "::text")
            .collect(Collectors.joining(", "));
    String named =
        IntStream.range(0, table.primaryKey().size())
            .mapToObj(
                index -> "t." + Sql.identifier(table.primaryKey().get(index)) + " AS k" + index)
            .collect(Collectors.joining(", "));
    String sql =
        "SELECT "
            + texts
            + " FROM (SELECT "
            + named
            + ", row_number() OVER (ORDER BY "
            + keys
            + ") AS place, count(*) OVER () AS total"
            + sample(estimate, sampledBlocks(estimate, parts * BLOCKS_PER_PART))
            + ") s WHERE s.place > 1"
            + " AND (s.place - 1) * ? / s.total > (s.place - 2) * ? / s.total ORDER BY s.place";
    int columns = table.primaryKey().size();
    return session.list(
        sql,
        row -> {
          List<String> key = new ArrayList<>();
          for (int index = 1; index <= columns; index++) {
            key.add(row.getString(index));
          }
          return Collections.unmodifiableList(key);
        },
        (long) parts,
        (long) parts);
  }
}
