package io.reshard.core.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The server's own functions are the reference. */
class PostgresHashITCase {
  private static final int KEYS = 4_000;

  private static String database;

  @BeforeAll
  static void createTables() throws SQLException {
    database = TestServer.createDatabase();
    for (String type : List.of("smallint", "integer", "bigint", "text", "varchar(80)", "uuid")) {
      TestServer.run(
          database,
          "CREATE TABLE " + partitioned(type) + " (k " + type + ") PARTITION BY HASH (k)");
    }
  }

  private static String partitioned(String type) {
    return "by_" + type.replaceAll("\\W.*", "");
  }

  @Test
  void hashesIntegersAsTheServerDoes() throws SQLException {
    assertSameHash("hashint8extended(k::bigint, s)", longs(), PostgresHashITCase::hashLong);
  }

  @Test
  void hashesTextAsTheServerDoes() throws SQLException {
    assertSameHash(
        "hashtextextended(k, s)",
        texts(),
        (key, seed) -> PostgresHash.extendedBytes(key.getBytes(StandardCharsets.UTF_8), seed));
  }

  @Test
  void hashesUuidsAsTheServerDoes() throws SQLException {
    assertSameHash(
        "uuid_hash_extended(k::uuid, s)",
        uuids(),
        (key, seed) -> {
          UUID uuid = UUID.fromString(key);
          byte[] bytes =
              ByteBuffer.allocate(16)
                  .putLong(uuid.getMostSignificantBits())
                  .putLong(uuid.getLeastSignificantBits())
                  .array();
          return PostgresHash.extendedBytes(bytes, seed);
        });
  }

  @Test
  void agreesWithHashPartitioning() throws SQLException {
    assertSamePartition("bigint", longs(), key -> PostgresHash.ofLong(Long.parseLong(key)));
    assertSamePartition(
        "integer", within(Integer.MAX_VALUE), key -> PostgresHash.ofLong(Long.parseLong(key)));
    assertSamePartition(
        "smallint", within(Short.MAX_VALUE), key -> PostgresHash.ofLong(Long.parseLong(key)));
    assertSamePartition("text", texts(), PostgresHash::ofText);
    assertSamePartition("varchar(80)", texts(), PostgresHash::ofText);
    assertSamePartition("uuid", uuids(), key -> PostgresHash.ofUuid(UUID.fromString(key)));
  }

  @FunctionalInterface
  private interface SeededHash {
    long of(String key, long seed);
  }

  private static long hashLong(String key, long seed) {
    return PostgresHash.extendedLong(Long.parseLong(key), seed);
  }

  private static void assertSameHash(String function, List<String> keys, SeededHash hash)
      throws SQLException {
    for (long seed : new long[] {0, 1, -1, PostgresHash.PARTITION_SEED, Long.MIN_VALUE}) {
      List<Long> expected = new ArrayList<>();
      try (Connection connection = TestServer.connect(database);
          PreparedStatement query =
              connection.prepareStatement(
                  "SELECT "
                      + function
                      + " FROM unnest(?::text[]) WITH ORDINALITY u (k, n), (SELECT ?::bigint AS s) x"
                      + " ORDER BY n")) {
        query.setArray(1, connection.createArrayOf("text", keys.toArray()));
        query.setLong(2, seed);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            expected.add(row.getLong(1));
          }
        }
      }
      assertThat(keys.stream().map(key -> hash.of(key, seed)).toList()).isEqualTo(expected);
    }
  }

  private static void assertSamePartition(
      String type, List<String> keys, ToLongFunction<String> hash) throws SQLException {
    Random random = new Random(7);
    for (int modulus : new int[] {1, 2, 3, 7, 64, 100 + random.nextInt(900)}) {
      try (Connection connection = TestServer.connect(database);
          PreparedStatement query =
              connection.prepareStatement(
                  "SELECT k, (SELECT r FROM generate_series(0, ?) r WHERE"
                      + " satisfies_hash_partition(?::regclass, ?, r, k::"
                      + type
                      + ")) FROM unnest(?::text[]) k")) {
        List<String> some = modulus > 64 ? keys.subList(0, 200) : keys;
        query.setInt(1, modulus - 1);
        query.setString(2, partitioned(type));
        query.setInt(3, modulus);
        query.setArray(4, connection.createArrayOf("text", some.toArray()));
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            String key = row.getString(1);
            assertThat(Long.remainderUnsigned(hash.applyAsLong(key), modulus))
                .as("%s %s modulo %s", type, key, modulus)
                .isEqualTo(row.getLong(2));
          }
        }
      }
    }
  }

  static List<String> longs() {
    Random random = new Random(1);
    List<String> keys = new ArrayList<>();
    for (long key :
        new long[] {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32, -(1L << 32), 1L << 31}) {
      keys.add(Long.toString(key));
    }
    while (keys.size() < KEYS) {
      keys.add(Long.toString(random.nextLong() >> random.nextInt(64)));
    }
    return keys;
  }

  private static List<String> within(long most) {
    Random random = new Random(2);
    List<String> keys = new ArrayList<>(List.of("0", "-1", "" + most, "" + (-most - 1)));
    while (keys.size() < KEYS) {
      keys.add(Long.toString(random.nextLong(-most - 1, most + 1)));
    }
    return keys;
  }

  /** Every length from 0 to 40 bytes and more, in characters of one to four bytes. */
  static List<String> texts() {
    Random random = new Random(3);
    String letters = "abcXYZ 019'\"\\,~äöżłćΩ漢字€😀🚀";
    int[] points = letters.codePoints().toArray();
    List<String> keys = new ArrayList<>();
    for (int length = 0; length <= 40; length++) {
      keys.add("a".repeat(length));
      keys.add("ż".repeat(length));
    }
    while (keys.size() < KEYS) {
      StringBuilder key = new StringBuilder();
      for (int length = random.nextInt(41); length > 0; length--) {
        key.appendCodePoint(points[random.nextInt(points.length)]);
      }
      keys.add(key.toString());
    }
    return keys;
  }

  static List<String> uuids() {
    Random random = new Random(4);
    List<String> keys = new ArrayList<>();
    keys.add(new UUID(0, 0).toString());
    keys.add(new UUID(-1, -1).toString());
    while (keys.size() < KEYS) {
      keys.add(new UUID(random.nextLong(), random.nextLong()).toString());
    }
    return keys;
  }
}
