package io.reshard.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.testkit.ReferenceHash.KeyType;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReferenceHashITCase {
  private static final int MODULUS = 7;
  private static EmbeddedPostgresServer server;
  private static Connection connection;

  @BeforeAll
  static void start() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    connection = server.connection("postgres");
    try (Statement statement = connection.createStatement()) {
      for (KeyType type : KeyType.values()) {
        statement.execute("CREATE TABLE by_" + type + " (k " + type + ") PARTITION BY HASH (k)");
        for (int remainder = 0; remainder < MODULUS; remainder++) {
          statement.execute(
              "CREATE TABLE by_"
                  + type
                  + "_"
                  + remainder
                  + " PARTITION OF by_"
                  + type
                  + " FOR VALUES WITH (MODULUS "
                  + MODULUS
                  + ", REMAINDER "
                  + remainder
                  + ")");
        }
        statement.execute("INSERT INTO by_" + type + " " + keys(type));
      }
    }
  }

  @AfterAll
  static void stop() throws SQLException {
    connection.close();
    server.close();
  }

  private static String keys(KeyType type) {
    String numbers = "generate_series(1, 5000) AS n";
    return switch (type) {
      case INT8 ->
          "SELECT n FROM " + numbers + " UNION ALL SELECT -n * 922337203685477 FROM " + numbers;
      case TEXT -> "SELECT 'k\u00e9y-' || n FROM " + numbers + " UNION ALL SELECT ''";
      case UUID -> "SELECT md5(n::text)::uuid FROM " + numbers;
    };
  }

  @ParameterizedTest
  @EnumSource(KeyType.class)
  void remainderAgreesWithHashPartitioning(KeyType type) throws SQLException {
    for (int remainder = 0; remainder < MODULUS; remainder++) {
      String reference = ReferenceHash.hasRemainder("k", type, MODULUS, remainder);
      String own =
          "satisfies_hash_partition('by_"
              + type
              + "'::regclass, "
              + MODULUS
              + ", "
              + remainder
              + ", k)";
      assertThat(number("SELECT count(*) FROM by_" + type + " WHERE " + reference + " <> " + own))
          .isZero();
      assertThat(number("SELECT count(*) FROM by_" + type + " WHERE " + reference))
          .isEqualTo(number("SELECT count(*) FROM by_" + type + "_" + remainder))
          .isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource(KeyType.class)
  void keyRangesShareOutAllKeys(KeyType type) throws SQLException {
    String ranges = "";
    for (String range : new String[] {"-40", "40-80", "80-c", "C0-"}) {
      String inRange = ReferenceHash.inKeyRange("k", type, range);
      assertThat(number("SELECT count(*) FROM by_" + type + " WHERE " + inRange))
          .isGreaterThan(1000);
      ranges += (ranges.isEmpty() ? "" : " + ") + inRange + "::int";
    }
    assertThat(number("SELECT count(*) FROM by_" + type + " WHERE " + ranges + " <> 1")).isZero();
  }

  @Test
  void unsignedHashAgreesWithMachineArithmetic() throws SQLException {
    String query =
        "SELECT hashint8extended(k, 8816678312871386365), "
            + ReferenceHash.unsignedHash("k", KeyType.INT8)
            + " FROM by_int8";
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        String expected = Long.toUnsignedString(rows.getLong(1) + 0x49a0f4dd15e5a8e3L);
        assertThat(rows.getBigDecimal(2).toBigIntegerExact()).isEqualTo(new BigInteger(expected));
      }
    }
  }

  private static long number(String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
