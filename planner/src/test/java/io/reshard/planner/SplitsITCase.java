package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import io.reshard.core.plan.SplitSql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every row of a table must lie in exactly one split, and splits should be about equal. */
class SplitsITCase {
  private static final int BATCH = 250;
  private static final int ROWS = 20_000;

  /** A split aims at BATCH moved rows, and half of the rows move. */
  private static final int AIM = 2 * BATCH;

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      textBlock =
          """
          k bigint                            ; k     ; i
          k integer                           ; k     ; i * 7 - 70000
          k smallint                          ; k     ; i - 10000
          k bigint                            ; k     ; (i - 10000) * 900000000000000
          k bigint                            ; k     ; (power(i, 4))::bigint - 9000000000000000000
          k bigint                            ; k     ; CASE i WHEN 1 THEN -9223372036854775808 WHEN 2 THEN 9223372036854775807 ELSE i END
          k uuid                              ; k     ; md5(i::text)::uuid
          k text                              ; k     ; md5(i::text)
          k text COLLATE "en-x-icu"           ; k     ; chr(65 + i % 26) || chr(97 + i * 7 % 26) || chr(220 + i % 30) || '\\''' || i
          k text COLLATE "C"                  ; k     ; chr(65 + i % 26) || chr(97 + i * 7 % 26) || chr(220 + i % 30) || i
          k varchar(20)                       ; k     ; 'it''s ' || i
          k character(12)                     ; k     ; i::text
          k numeric                           ; k     ; CASE WHEN i = 1 THEN 'NaN' ELSE i * 0.37 - 1000 END
          k numeric(12,2)                     ; k     ; i * 0.01 - 50
          k date                              ; k     ; CASE WHEN i = 1 THEN 'infinity' ELSE date '0500-01-01 BC' + i * 50 END
          k timestamptz                       ; k     ; timestamptz '2024-01-01' + i * interval '7.0001 seconds'
          k timestamp                         ; k     ; timestamp '1899-01-01' + i * interval '1 day'
          a integer, b integer                ; a, b  ; i / 2, i % 2
          a integer, b text COLLATE "en-x-icu" ; a, b  ; i % 3, chr(97 + i % 26) || i
          a boolean, b uuid                   ; a, b  ; i % 2 = 0, md5(i::text)::uuid
          a text, b bigint, c date            ; a, b, c ; 'tenant ' || i % 5, -i, date '2024-01-01' + i % 400
          a uuid, b integer                   ; a, b  ; md5((i / 10)::text)::uuid, i % 10
          """)
  void partitionTheTable(String columns, String key, String values) throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(
        database,
        "CREATE TABLE t (" + columns + ", customer bigint NOT NULL, PRIMARY KEY (" + key + "))",
        "INSERT INTO t SELECT " + values + ", i FROM generate_series(1, " + ROWS + ") i");

    // Never analyzed: from a sample.
    List<Long> sampled = rowsPerSplit(database, splits(database));
    assertThat(sampled.size()).isBetween(ROWS / AIM / 2, 2 * ROWS / AIM);
    assertThat(sampled).allMatch(rows -> rows < 4 * AIM);

    TestServer.run(database, "ANALYZE t");
    List<Long> counted = rowsPerSplit(database, splits(database));
    assertThat(counted.size()).isBetween(ROWS / AIM / 2, 2 * ROWS / AIM);
    if (!values.contains("9223372036854775807")) {
      assertThat(counted).allMatch(rows -> rows < 4 * AIM);
    }

    // The statistics speak of rows that are gone.
    TestServer.run(database, "DELETE FROM t WHERE customer % 5 <> 0");
    rowsPerSplit(database, splits(database));
  }

  @Test
  void followKeysThatGrowBeyondTheStatistics() throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(
        database,
        "CREATE TABLE t (k bigint PRIMARY KEY, customer bigint NOT NULL)",
        "ALTER TABLE t SET (autovacuum_enabled = false)",
        "INSERT INTO t SELECT i, i FROM generate_series(1, 15000) i",
        "ANALYZE t",
        "INSERT INTO t SELECT i, i FROM generate_series(15001, 20000) i");
    List<Long> rows = rowsPerSplit(database, splits(database));
    assertThat(rows).hasSize(ROWS / AIM).allMatch(count -> count < 2 * AIM);
  }

  /** The histogram is of keys that are gone, and nothing tells so. */
  @ParameterizedTest
  @ValueSource(strings = {"bigint", "text"})
  void doNotBelieveStatisticsOfOtherRows(String type) throws SQLException {
    String database = TestServer.createDatabase();
    String insert = "INSERT INTO t SELECT i::text::" + type + ", i FROM generate_series(%s) i";
    TestServer.run(
        database,
        "CREATE TABLE t (k " + type + " PRIMARY KEY, customer bigint NOT NULL)",
        "ALTER TABLE t SET (autovacuum_enabled = false)",
        insert.formatted("1, 20000"),
        "ANALYZE t",
        "TRUNCATE t",
        insert.formatted("9000000, 9019999"),
        "UPDATE pg_class SET reltuples = 20000, relpages = pg_relation_size(oid) / 8192"
            + " WHERE oid = 't'::regclass");
    List<Long> rows = rowsPerSplit(database, splits(database));
    assertThat(rows).hasSizeGreaterThan(ROWS / AIM / 2).allMatch(count -> count < 4 * AIM);
  }

  @Test
  void cutFinerThanTheHistogram() throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(
        database,
        "CREATE TABLE t (k bigint PRIMARY KEY, customer bigint NOT NULL)",
        "INSERT INTO t SELECT i * 3, i FROM generate_series(1, 60000) i",
        "ANALYZE t",
        "CREATE TABLE u (k text PRIMARY KEY, customer bigint NOT NULL)",
        "INSERT INTO u SELECT md5(i::text), i FROM generate_series(1, 60000) i",
        "ANALYZE u");
    Plan plan = plan(database, "public.t:customer", "public.u:customer");
    for (int table = 0; table < 2; table++) {
      List<Long> rows = rowsPerSplit(database, plan, table);
      assertThat(rows).hasSizeBetween(115, 125).allMatch(count -> count < 4 * AIM);
    }
  }

  /** The root has no files, and at first no statistics; its leaves are of different sizes. */
  @Test
  void cutPartitionedTablesAsOne() throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(
        database,
        "CREATE TABLE t (k bigint PRIMARY KEY, customer bigint NOT NULL) PARTITION BY RANGE (k)",
        "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (15000)",
        "CREATE TABLE high PARTITION OF t FOR VALUES FROM (15000) TO (30000)"
            + " PARTITION BY HASH (k)",
        "CREATE TABLE even PARTITION OF high FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE odd PARTITION OF high FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        "CREATE TABLE rest PARTITION OF t DEFAULT",
        "INSERT INTO t SELECT i, i FROM generate_series(1, " + ROWS + ") i");
    assertEven(database, "a sample");
    TestServer.run(database, "VACUUM ANALYZE low, even, odd");
    assertEven(database, "statistics");
    TestServer.run(database, "ANALYZE t");
    assertEven(database, "statistics");
    assertThat(
            new Planner(TestServer.secrets(TestTopology.NODE), PlannerOptions.defaults())
                .estimate(splits(database))
                .basis())
        .contains("MB/s")
        .doesNotContain("(0.0 MB");
  }

  private static void assertEven(String database, String basis) throws SQLException {
    Plan plan = splits(database);
    assertThat(plan.preflight())
        .filteredOn(finding -> finding.check().equals("estimates"))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.detail()).endsWith("(" + basis + ")");
              String rows = finding.detail().replaceAll(".*: (\\d+) rows.*", "$1");
              assertThat(Long.parseLong(rows)).isBetween(ROWS * 9L / 10, ROWS * 11L / 10);
            });
    assertThat(rowsPerSplit(database, plan))
        .hasSizeBetween(ROWS / AIM / 2, 2 * ROWS / AIM)
        .allMatch(rows -> rows < 4 * AIM);
  }

  @Test
  void coverEmptyAndTinyTablesWithOneSplit() throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(
        database,
        "CREATE TABLE t (k bigint PRIMARY KEY, customer bigint NOT NULL)",
        "CREATE TABLE u (k bigint PRIMARY KEY, customer bigint NOT NULL)",
        "INSERT INTO u VALUES (-1, 1), (0, 2), (1, 3)",
        "CREATE TABLE v (k bigint PRIMARY KEY, customer bigint NOT NULL)",
        "INSERT INTO v VALUES (7, 1)");
    Plan plan = plan(database, "public.t:customer", "public.u:customer", "public.v:customer");
    assertThat(plan.splits())
        .containsExactly(
            new Split(0, 0, "shard-0", null, null, 0),
            new Split(1, 1, "shard-0", null, null, 2),
            new Split(2, 2, "shard-0", null, null, 1));
  }

  private static Plan splits(String database) {
    return plan(database, "public.t:customer");
  }

  private static Plan plan(String database, String... tables) {
    return new Planner(
            TestServer.secrets(TestTopology.NODE),
            PlannerOptions.defaults().withCopyBatchSize(BATCH))
        .plan(
            TestTopology.hash(tables).shard("shard-0", database, "-").build(),
            TestTopology.hash(tables)
                .shard("shard-0", database, "-80")
                .shard("shard-1", TestServer.freshName(), "80-")
                .build());
  }

  private static List<Long> rowsPerSplit(String database, Plan plan) throws SQLException {
    return rowsPerSplit(database, plan, 0);
  }

  /** Fails unless every row is in exactly one split and ids count up from 0. */
  private static List<Long> rowsPerSplit(String database, Plan plan, int table)
      throws SQLException {
    List<Split> splits = plan.splits().stream().filter(split -> split.table() == table).toList();
    assertThat(plan.splits()).extracting(Split::id).isSorted().doesNotHaveDuplicates();
    assertThat(splits.get(0).lower()).isNull();
    assertThat(splits.get(splits.size() - 1).upper()).isNull();
    List<String> predicates =
        splits.stream()
            .map(split -> SplitSql.predicate(plan.tables().get(table), split, "r"))
            .toList();
    String name = plan.tables().get(table).quotedName();
    String members =
        predicates.stream().map(one -> "(" + one + ")::int").collect(Collectors.joining(" + "));
    List<Long> rows = new ArrayList<>();
    try (Connection connection = TestServer.connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute("SET datestyle = 'ISO, DMY'");
      statement.execute("SET timezone = 'Asia/Kolkata'");
      if (splits.size() < 200) {
        assertThat(
                count(
                    statement, "SELECT count(*) FROM " + name + " r WHERE (" + members + ") <> 1"))
            .isZero();
      }
      for (String predicate : predicates) {
        rows.add(count(statement, "SELECT count(*) FROM " + name + " r WHERE " + predicate));
      }
      long all = count(statement, "SELECT count(*) FROM " + name);
      assertThat(rows.stream().mapToLong(Long::longValue).sum()).isEqualTo(all);
    }
    return rows;
  }

  private static long count(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
