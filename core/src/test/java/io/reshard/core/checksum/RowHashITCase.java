package io.reshard.core.checksum;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.PlannedTable;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the hash must tell apart, and what it must not, on servers of the newest and of the oldest
 * version.
 */
class RowHashITCase {
  private static final List<String> TYPES =
      List.of(
          "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
          "CREATE TYPE pair AS (a integer, b numeric)",
          "CREATE DOMAIN price AS numeric(10, 2)",
          "CREATE DOMAIN code AS character(4)",
          "CREATE TYPE floatrange AS RANGE (subtype = float8)");

  private static String database;
  private static EmbeddedPostgresServer other;

  @BeforeAll
  static void createTypes() throws SQLException {
    database = TestServer.createDatabase();
    other = EmbeddedPostgresServer.start(ServerOptions.fast().ofTheOldestVersion());
    try (Connection here = here();
        Connection there = there()) {
      // Other OIDs: an enum's labels hash differently by OID.
      run(there, "CREATE TYPE padding AS ENUM ('a', 'b')");
      for (String type : TYPES) {
        run(here, type);
        run(there, type);
      }
      assertThat(here.getMetaData().getDatabaseMajorVersion())
          .isGreaterThan(there.getMetaData().getDatabaseMajorVersion());
    }
  }

  @AfterAll
  static void stop() {
    other.close();
  }

  private static Connection here() throws SQLException {
    return TestServer.connect(database);
  }

  private static Connection there() throws SQLException {
    return other.connection("postgres");
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Values of one type that are all different, separated by bars; null is always added. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "smallint; 0|1|-1|32767|-32768",
        "integer; 0|1|-1|2147483647|-2147483648",
        "bigint; 0|1|-1|4294967296|4294967297|-4294967296|9223372036854775807|-9223372036854775808",
        "numeric; 0|0.0|1|1.0|1.00|-1|10|NaN|Infinity|-Infinity|1e100|0.0001|12345.6789",
        "numeric(12,3); 0|1|-1|1000|0.001",
        "real; 0|-0|1|-1|NaN|Infinity|-Infinity|1e-40|1.0000001",
        "double precision; 0|-0|1|-1|NaN|Infinity|-Infinity|5e-324|0.1|0.10000000000000002",
        "money; 0|0.01|-0.01|1000|100000",
        "boolean; true|false",
        "text; a|A|b|a |ab|ä|0",
        "character varying(10); a|A|a |ab",
        "character(5); a|A|ab|0",
        "bpchar; a|a |a  |A",
        "name; a|A|b",
        "\"char\"; a|A|b",
        "bytea; \\x|\\x00|\\x0000|\\x61|\\x6100",
        "uuid; 00000000-0000-0000-0000-000000000000|00000000-0000-0000-0000-000000000001",
        "date; 2024-02-29|2024-03-01|infinity|-infinity|0044-03-15 BC|0044-03-15",
        "time without time zone; 00:00|24:00|00:00:00.000001|12:00",
        "time with time zone; 12:00+00|12:00+01|13:00+01",
        "timestamp without time zone; 2024-01-01|2024-01-01 00:00:00.000001|2000-01-01 00:00:00.000001"
            + "|2000-01-01 01:11:34.967296|infinity|-infinity|0044-03-15 BC",
        "timestamp(3) with time zone; 2024-01-01 00:00+00|2024-01-01 00:00+01|infinity|-infinity",
        "interval; 1 mon|30 days|720:00|1 day|24:00|-1 mon|1 mon -30 days|00:00:00.000001",
        "json; {\"a\":1}|{\"a\": 1}|{\"a\":1.0}|null|1",
        "jsonb; {\"a\":1}|{\"a\":1.0}|null|1|1.0|[]",
        "bit(3); 000|001|100",
        "bit varying; 0|00|000|1",
        "inet; 10.0.0.1|10.0.0.1/24|10.0.0.0/24|::1",
        "cidr; 10.0.0.0/24|10.0.0.0/25|::/0",
        "macaddr; 08:00:2b:01:02:03|08:00:2b:01:02:04",
        "point; (0,0)|(0,-0)|(1,2)|(2,1)",
        "box; (1,1),(0,0)|(2,1),(0,0)|(2,2),(1,1)",
        "circle; <(0,0),1>|<(0,0),2>|<(1,0),1>",
        "path; ((0,0),(1,1))|[(0,0),(1,1)]",
        "polygon; ((0,0),(1,1),(1,0))|((0,0),(1,0),(1,1))",
        "lseg; [(0,0),(1,1)]|[(1,1),(0,0)]",
        "line; {1,2,3}|{2,4,6}",
        "tsvector; a|a:1|a:1A|b",
        "tsquery; a|a & b|b & a|!a",
        "jsonpath; $.a|$.b|strict $.a",
        "xml; <a/>|<a></a>|<a> </a>",
        "pg_lsn; 0/1|1/0|1/1",
        "oid; 0|1|4294967295",
        "regclass; pg_class|pg_type",
        "int4range; empty|[1,2)|[1,3)|(,3)|[1,)|(,)",
        "numrange; [1,2)|[1.0,2)|[1,2]|(1,2)",
        "tstzrange; [2024-01-01,2024-01-02)|[2024-01-01,)",
        "public.floatrange; [0,1)|[-0,1)|[0,1]",
        "int4multirange; {}|{[1,2)}|{[1,2),[4,5)}",
        "integer[]; {}|{1}|{1,2}|{2,1}|{{1,2}}|[0:1]={1,2}|{NULL}|{1,NULL}",
        "text[]; {}|{NULL}|{\"NULL\"}|{\"\"}|{a,b}|{\"a,b\"}",
        "numeric[]; {1.0}|{1.00}|{1}",
        "character(3)[]; {a}|{a,b}|{b}",
        "public.mood; sad|ok|happy",
        "public.mood[]; {sad}|{sad,ok}|{ok,sad}",
        "public.pair; (1,1.0)|(1,1.00)|(,)|(1,)|(,1)",
        "public.pair[]; {\"(1,1.0)\"}|{\"(1,1.00)\"}|{\"(,)\"}",
        "public.price; 1|2|-1",
        "public.code; a|b|ab",
      })
  void tellsApartWhatDiffers(String type, String values) throws SQLException {
    List<String> different = new ArrayList<>(List.of(values.split("\\|")));
    different.add(null);

    List<Long> hashes;
    try (Connection here = here()) {
      hashes = hashes(here, type, different);
    }

    assertThat(new HashSet<>(hashes))
        .as("hashes of %s: %s", different, hashes)
        .hasSameSizeAs(different);
    try (Connection there = there()) {
      assertThat(hashes(there, type, different)).isEqualTo(hashes);
    }
  }

  /** The hashes of rows that hold each of {@code values} in a column behind the key. */
  private static List<Long> hashes(Connection connection, String type, List<String> values)
      throws SQLException {
    PlannedTable table =
        table(List.of(new Column("id", "integer", false), new Column("v", type, false)));
    List<Long> hashes = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.execute(RowHash.SESSION);
      statement.execute("CREATE TEMP TABLE t (id integer, v " + type + ", seq serial)");
      for (String value : values) {
        String literal = value == null ? "NULL" : "$v$" + value + "$v$";
        statement.execute("INSERT INTO pg_temp.t VALUES (1, " + literal + ")");
      }
      try (ResultSet row =
          statement.executeQuery(
              "SELECT " + RowHash.ofRow(table, "t") + " FROM pg_temp.t t ORDER BY seq")) {
        while (row.next()) {
          hashes.add(row.getLong(1));
        }
      }
    }
    return hashes;
  }

  private static PlannedTable table(List<Column> columns) {
    return new PlannedTable(
        "public",
        "t",
        columns,
        List.of("id"),
        "id",
        true,
        List.of(),
        new IndexDefinition("t_pkey", ""),
        List.of(),
        List.of(),
        0,
        0);
  }

  private static final PlannedTable WIDE =
      table(
          List.of(
              new Column("id", "integer", false),
              new Column("a", "text", false),
              new Column("b", "text", false),
              new Column("double", "integer", true)));

  private static final String WIDE_DDL =
      "CREATE TEMP TABLE t (id integer, a text, b text,"
          + " \"double\" integer GENERATED ALWAYS AS (id * 2) STORED)";

  private static String sum(String... rows) throws SQLException {
    try (Connection connection = here();
        Statement statement = connection.createStatement()) {
      statement.execute(RowHash.SESSION);
      statement.execute(WIDE_DDL);
      for (String row : rows) {
        statement.execute("INSERT INTO pg_temp.t (id, a, b) VALUES " + row);
      }
      try (ResultSet row =
          statement.executeQuery(
              "SELECT sum(" + RowHash.ofRow(WIDE, "t") + ")::text FROM pg_temp.t t")) {
        row.next();
        return row.getString(1);
      }
    }
  }

  @Test
  void theSumDoesNotDependOnTheOrder() throws SQLException {
    assertThat(sum("(1, 'x', 'y')", "(2, 'z', NULL)"))
        .isEqualTo(sum("(2, 'z', NULL)", "(1, 'x', 'y')"));
  }

  @Test
  void theSumSeesValuesThatWereSwapped() throws SQLException {
    String right = sum("(1, 'x', 'y')", "(2, 'z', 'w')");

    assertThat(sum("(1, 'z', 'y')", "(2, 'x', 'w')")).as("between rows").isNotEqualTo(right);
    assertThat(sum("(1, 'y', 'x')", "(2, 'z', 'w')")).as("between columns").isNotEqualTo(right);
    assertThat(sum("(1, 'x', NULL)")).isNotEqualTo(sum("(1, NULL, 'x')"));
    assertThat(sum("(1, '', NULL)")).isNotEqualTo(sum("(1, NULL, '')"));
  }

  @Test
  void theSumSeesARowThatIsThereTwice() throws SQLException {
    assertThat(sum("(1, 'x', 'y')", "(1, 'x', 'y')")).isNotEqualTo(sum("(1, 'x', 'y')"));
  }

  @Test
  void generatedColumnsCount() {
    assertThat(RowHash.ofRow(WIDE, "t")).contains("t.\"double\"");
    assertThat(RowHash.ofKey(WIDE, "t")).contains("t.\"id\"").doesNotContain("t.\"a\"");
  }
}
