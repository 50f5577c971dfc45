package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.PlannedTable;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A list of many keys of a table that has but thirty rows for each. */
class KeyJoinITCase {
  private static final int ROWS = 30_000;
  private static final int KEYS = 1_000;

  private static Connection connection;

  @BeforeAll
  static void connect() throws SQLException {
    connection = TestServer.connect(TestServer.createDatabase());
  }

  @AfterAll
  static void disconnect() throws SQLException {
    connection.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "bigint # i",
        "character varying(20) # i",
        "character(6) # i",
        "numeric(12,2) # i",
        "uuid # md5(i::text)",
        "date # '2020-01-01'::date + i",
        "timestamp(3) with time zone # '2020-01-01'::timestamptz + i * interval '1 s'",
        "text COLLATE \"C\", integer # i, i % 7",
      })
  void looksEachKeyUpInTheIndex(String types, String values) throws SQLException {
    PlannedTable table = table(types, values);
    execute(KeyJoin.SESSION);
    assertThat(plan(table)).contains("Index").doesNotContain("Seq Scan");
  }

  /** Otherwise the settings could go. */
  @Test
  void leftAloneThePlannerReadsTheWholeTable() throws SQLException {
    PlannedTable table = table("bigint", "i");
    execute("RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin");
    assertThat(plan(table)).contains("Seq Scan on t");
  }

  /** Makes the table {@code t} anew, with key columns c0, c1 and so on. */
  private static PlannedTable table(String types, String values) throws SQLException {
    String[] type = types.split(", ", -1);
    String[] value = values.split(", ", -1);
    List<String> key = IntStream.range(0, type.length).mapToObj(at -> "c" + at).toList();
    execute(
        "DROP TABLE IF EXISTS t; CREATE TABLE t ("
            + join(type, "c%1$d %2$s")
            + ", note text, PRIMARY KEY ("
            + String.join(", ", key)
            + "))");
    List<Column> columns =
        IntStream.range(0, type.length)
            .mapToObj(at -> new Column("c" + at, type[at].replaceFirst(" COLLATE.*", ""), false))
            .toList();
    String plain =
        IntStream.range(0, value.length)
            .mapToObj(at -> "(" + value[at] + ")::text::" + columns.get(at).type())
            .collect(Collectors.joining(", "));
    execute(
        "INSERT INTO t SELECT %s, repeat('x', 100) FROM generate_series(1, %d) i; ANALYZE t"
            .formatted(plain, ROWS));
    return new PlannedTable(
        "public",
        "t",
        columns,
        key,
        "c0",
        true,
        List.of(),
        new IndexDefinition("t_pkey", ""),
        List.of(),
        List.of(),
        ROWS,
        0);
  }

  private static String join(String[] parts, String format) {
    return IntStream.range(0, parts.length)
        .mapToObj(at -> format.formatted(at, parts[at]))
        .collect(Collectors.joining(", "));
  }

  private static String plan(PlannedTable table) throws SQLException {
    String[][] keys = new String[table.primaryKey().size()][];
    for (int at = 0; at < keys.length; at++) {
      keys[at] = strings("SELECT c" + at + "::text FROM t ORDER BY note, c0 LIMIT " + KEYS);
    }
    String arrays =
        IntStream.range(0, keys.length)
            .mapToObj(
                at ->
                    "'"
                        + TextArray.of(keys[at]).replace("'", "''")
                        + "'::"
                        + table.primaryKeyTypes().get(at)
                        + "[]")
            .collect(Collectors.joining(", "));
    return Arrays.stream(
            strings(
                "EXPLAIN SELECT t.note FROM "
                    + KeyJoin.unnest(arrays, keys.length)
                    + " JOIN "
                    + table.quotedName()
                    + " AS t ON "
                    + KeyJoin.condition(table)))
        .collect(Collectors.joining("\n"));
  }

  private static String[] strings(String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      Stream.Builder<String> strings = Stream.builder();
      while (row.next()) {
        strings.add(row.getString(1));
      }
      return strings.build().toArray(String[]::new);
    }
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
