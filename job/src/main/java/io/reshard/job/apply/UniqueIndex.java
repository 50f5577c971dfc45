package io.reshard.job.apply;

import io.reshard.core.plan.PlannedTable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A unique index as SQL over the table's columns: plain, partial or over expressions.
 *
 * @param expressions what is unique together, each with its collation
 * @param nullsEqual whether two nulls clash
 * @param predicate the rows that it covers, {@code true} for all
 */
record UniqueIndex(String name, List<String> expressions, boolean nullsEqual, String predicate) {
  private static final String QUERY =
      """
      SELECT x.relname, i.indnullsnotdistinct,
        coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
        ARRAY(SELECT format('(%s)%s', pg_get_indexdef(i.indexrelid, place, true),
            (SELECT format(' COLLATE %I.%I', n.nspname, l.collname) FROM pg_collation l
             JOIN pg_namespace n ON n.oid = l.collnamespace
             WHERE l.oid = i.indcollation[place - 1]))
          FROM generate_series(1, i.indnkeyatts) AS place ORDER BY place)
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = to_regclass(?) AND i.indisunique AND i.indisready ORDER BY x.relname
      """;

  /** The unique indexes of {@code table}, its primary key among them, as they stand. */
  static List<UniqueIndex> of(Connection connection, PlannedTable table) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(QUERY)) {
      query.setString(1, table.quotedName());
      List<UniqueIndex> indexes = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          indexes.add(
              new UniqueIndex(
                  row.getString(1),
                  List.of((String[]) row.getArray(4).getArray()),
                  row.getBoolean(2),
                  row.getString(3)));
        }
      }
      return indexes;
    }
  }

  /** The expressions as columns {@code e0, e1, …} of a select list. */
  String columns() {
    return IntStream.range(0, expressions.size())
        .mapToObj(place -> expressions.get(place) + " AS e" + place)
        .collect(Collectors.joining(", "));
  }

  /** The names of these columns. */
  String names() {
    return IntStream.range(0, expressions.size())
        .mapToObj(place -> "e" + place)
        .collect(Collectors.joining(", "));
  }

  /** Two rows that have these columns may not both stand. */
  String clash(String one, String other) {
    return IntStream.range(0, expressions.size())
        .mapToObj(
            place -> {
              String left = one + ".e" + place;
              String right = other + ".e" + place;
              return nullsEqual
                  ? "(%1$s = %2$s OR %1$s IS NULL AND %2$s IS NULL)".formatted(left, right)
                  : left + " = " + right;
            })
        .collect(Collectors.joining(" AND "));
  }
}
