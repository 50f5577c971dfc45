package io.reshard.core.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.core.topology.TopologyRules;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The SQL twin and the Java router must agree on every key, and on no two shards. */
class RoutingSqlITCase {
  private static final List<HashFunction> OF_ALL_TYPES =
      List.of(HashFunction.MURMUR3, HashFunction.XXHASH64, HashFunction.CRC32, HashFunction.MD5);

  private static String database;

  private final Random random = new Random(11);

  @BeforeAll
  static void createFunctions() throws SQLException {
    database = TestServer.createDatabase();
    try (Connection connection = TestServer.connect(database)) {
      ShardSchema.ensure(connection);
    }
  }

  @Test
  void agreesWithTheRouterOverRandomRanges() throws SQLException {
    for (int round = 0; round < 6; round++) {
      assertAgreement(ranges(1 + random.nextInt(9)));
    }
  }

  @Test
  void agreesWithTheRouterOverModuli() throws SQLException {
    for (int shards : new int[] {1, 2, 3, 7, 16}) {
      assertAgreement(remainders(shards));
    }
  }

  @ParameterizedTest
  @EnumSource
  void agreesWithTheRouterUnderEveryFunction(HashFunction function) throws SQLException {
    TestTopologies topologies = new TestTopologies(random, function);
    for (RoutingStrategy strategy :
        List.of(RoutingStrategy.HASH, RoutingStrategy.MODULO, RoutingStrategy.RING)) {
      if (function == HashFunction.IDENTITY) {
        if (strategy != RoutingStrategy.RING) {
          assertAgreement(topologies.of(strategy, 5), "bigint", PostgresHashITCase.longs());
        }
        continue;
      }
      assertAgreement(topologies.of(strategy, 5));
    }
  }

  @Test
  void agreesWithTheRouterOnTheTextOfOtherTypes() throws SQLException {
    for (HashFunction function : OF_ALL_TYPES) {
      Topology topology = new TestTopologies(random, function).of(RoutingStrategy.MODULO, 7);
      for (SpelledKeys keys : SpelledKeys.ofAllTypes(random)) {
        assertAgreement(topology, keys.type(), keys.texts());
      }
    }
  }

  /** A bound or a listed key is a value, however the operator writes it. */
  @Test
  void agreesWithTheRouterOnValuesHoweverTheyAreWritten() throws SQLException {
    for (SpelledKeys keys : SpelledKeys.ofAllTypes(random)) {
      if (keys.type().startsWith("numeric") || keys.type().startsWith("date")) {
        assertAgreement(values(keys.bounds().toArray(String[]::new)), keys.type(), keys.texts());
      }
      assertAgreement(listed(keys.bounds()), keys.type(), keys.texts());
    }
    assertAgreement(
        values("-1.5", "9", "10.005", "1000000"),
        "numeric(12,2)",
        List.of("9.994", "9.995", "8.999", "10.004", "10.01", "999999.999", "-1.505", "NaN"));
    assertAgreement(
        values("2020-01-01 00:00:00.5", "2024-02-29T12:00"),
        "timestamp(3) without time zone",
        List.of("2020-01-01 00:00:00.499", "2020-01-01T00:00:00.5", "infinity", "-infinity"));
  }

  @ParameterizedTest
  @CsvSource({
    "timestamp with time zone, 2024-02-29 12:00:00",
    "timestamp(3) without time zone, 2024-02-29 12:00:00.0001",
    "boolean, maybe",
    "uuid, 0-0-0-0-1",
    "bytea, abc",
    "bigint, 1.0",
    "numeric, one",
    "date, 02/29/2024",
  })
  void refusesTextThatIsNoValueOrDependsOnTheSession(String type, String text) {
    Topology topology = new TestTopologies(random, HashFunction.MD5).of(RoutingStrategy.MODULO, 3);
    assertThatThrownBy(() -> new Router(topology, type).route(text))
        .isInstanceOfAny(IllegalArgumentException.class, DateTimeException.class);
  }

  @Test
  void refusesKeysOfAnotherJavaTypeThanTheColumns() {
    Topology topology = new TestTopologies(random, HashFunction.MD5).of(RoutingStrategy.MODULO, 3);
    assertThatThrownBy(() -> new Router(topology, "text").route(5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no key of a column of the type text");
    assertThatThrownBy(() -> new Router(topology, "numeric(5,0)").route(5))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Router(topology, "text").route(new UUID(0, 5)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(new Router(topology, "int4").route(5))
        .isEqualTo(new Router(topology, "integer").route(" 5"));
  }

  @Test
  void readsTheTextOfOtherTypesAlikeInEverySession() throws SQLException {
    Topology topology = new TestTopologies(random, HashFunction.MD5).of(RoutingStrategy.MODULO, 16);
    String owner =
        new RoutingSql(topology, "'2024-02-29 12:00+00'::timestamptz", "timestamp with time zone")
            .owner(RoutingSqlITCase::ordinal);
    try (Connection connection = TestServer.connect(database);
        Statement statement = connection.createStatement()) {
      int expected =
          ordinal(new Router(topology, "timestamptz").route("2024-02-29T21:00+09:00").id());
      for (String settings :
          List.of("SET timezone = 'Asia/Tokyo'", "SET datestyle = 'ISO, DMY'", "RESET ALL")) {
        statement.execute(settings);
        try (ResultSet row = statement.executeQuery("SELECT " + owner)) {
          row.next();
          assertThat(row.getInt(1)).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void agreesWithTheRouterOverRangesOfValues() throws SQLException {
    assertAgreement(
        new TestTopologies(random, null).of(RoutingStrategy.RANGE, 6),
        "bigint",
        PostgresHashITCase.longs());
    assertAgreement(values("g", "żółć", "\uD83D\uDE80"), "text", PostgresHashITCase.texts());
    assertAgreement(
        values("40000000-0000-0000-0000-000000000000", "c0000000-0000-0000-0000-000000000000"),
        "uuid",
        PostgresHashITCase.uuids());
    assertAgreement(
        values("2000-01-01", "2024-02-29"),
        "date",
        List.of("1999-12-31", "2000-01-01", "2024-02-28", "2024-02-29", "2030-01-01"));
  }

  @Test
  void agreesWithTheRouterOverADirectory() throws SQLException {
    Topology topology = new TestTopologies(random, null).of(RoutingStrategy.DIRECTORY, 5);
    List<String> keys = IntStream.range(-5, 80).mapToObj(Integer::toString).toList();
    assertAgreement(topology, "bigint", keys);
    assertAgreement(topology, "text", keys);
    assertAgreement(topology, "numeric", keys);
  }

  @Test
  void agreesAtTheEdgesOfRanges() throws SQLException {
    // The hash of a key is itself a bound: it belongs to the range that starts there.
    for (String key : PostgresHashITCase.longs().subList(0, 20)) {
      long hash = PostgresHash.ofLong(Long.parseLong(key));
      Topology topology =
          topology(
              new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
              List.of(shard(0, new KeyRange(0, hash)), shard(1, new KeyRange(hash, 0))));
      assertThat(new Router(topology, "bigint").route(Long.parseLong(key)).id())
          .isEqualTo("shard-1");
      assertAgreement(topology, "bigint", List.of(key));
    }
  }

  @Test
  void knowsNoOwnerOfANull() throws SQLException {
    TestTopologies murmur3 = new TestTopologies(random, HashFunction.MURMUR3);
    for (Topology topology :
        List.of(
            ranges(1),
            ranges(3),
            remainders(1),
            remainders(3),
            murmur3.of(RoutingStrategy.HASH, 3),
            murmur3.of(RoutingStrategy.RING, 1),
            murmur3.of(RoutingStrategy.RING, 3),
            murmur3.of(RoutingStrategy.RANGE, 1),
            murmur3.of(RoutingStrategy.RANGE, 3),
            murmur3.of(RoutingStrategy.DIRECTORY, 1),
            murmur3.of(RoutingStrategy.DIRECTORY, 3))) {
      RoutingSql sql = new RoutingSql(topology, "k", "bigint");
      String query =
          "SELECT "
              + sql.owner(RoutingSqlITCase::ordinal)
              + ", "
              + sql.ownedBy("shard-0")
              + ", "
              + sql.strayOn("shard-0")
              + " FROM (SELECT NULL::bigint AS k) s";
      try (Connection connection = TestServer.connect(database);
          PreparedStatement statement = connection.prepareStatement(query);
          ResultSet row = statement.executeQuery()) {
        row.next();
        assertThat(row.getInt(1)).isEqualTo(-1);
        assertThat(row.getBoolean(2)).isFalse();
        assertThat(row.getBoolean(3)).isTrue();
      }
    }
  }

  @Test
  void ownsNothingOnAShardOutsideTheTopology() {
    RoutingSql sql = new RoutingSql(ranges(2), "k", "bigint");
    assertThat(sql.ownedBy("shard-9")).isEqualTo("false");
  }

  @Test
  void refusesTypesThatCannotBeRouted() {
    assertRefused(ranges(2), "numeric(10,2)", "numeric(10,2)");
    assertRefused(
        new TestTopologies(random, HashFunction.IDENTITY).of(RoutingStrategy.HASH, 2),
        "text",
        "identity takes integers");
    assertRefused(values("m"), "boolean", "has no ranges");
    assertRefused(values("m"), "integer", "is not a value of the shard key's type integer");
    assertRefused(values("9", "10"), "text", "do not ascend in the shard key's type text");
  }

  private static void assertRefused(Topology topology, String type, String message) {
    assertThatThrownBy(() -> new RoutingSql(topology, "k", type))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_TOPOLOGY))
        .hasMessageContaining(message);
  }

  @Test
  void hundredsOfRangesOfARingCostNoMoreThanASearch() throws SQLException {
    Topology topology =
        new TestTopologies(random, HashFunction.POSTGRES).of(RoutingStrategy.RING, 9);
    RoutingSql sql = new RoutingSql(topology, "k", "bigint");
    assertThat(sql.ownedBy("shard-3")).contains("width_bucket").doesNotContain(" OR ");
    String query =
        "SELECT count(*) FROM generate_series(1::bigint, 20000) k WHERE " + sql.ownedBy("shard-3");
    try (Connection connection = TestServer.connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = '2s'");
      try (ResultSet row = statement.executeQuery(query)) {
        row.next();
        assertThat(row.getInt(1)).isPositive();
      }
    }
  }

  private static int ordinal(String shardId) {
    return Integer.parseInt(shardId.substring("shard-".length()));
  }

  private void assertAgreement(Topology topology) throws SQLException {
    assertAgreement(topology, "bigint", PostgresHashITCase.longs());
    assertAgreement(topology, "text", PostgresHashITCase.texts());
    assertAgreement(topology, "character varying(80)", PostgresHashITCase.texts());
    assertAgreement(topology, "uuid", PostgresHashITCase.uuids());
  }

  private void assertAgreement(Topology topology, String type, List<String> keys)
      throws SQLException {
    Router router = new Router(topology, type);
    RoutingSql sql = new RoutingSql(topology, "k", type);
    String owned =
        topology.shards().stream()
            .map(shard -> "CASE WHEN " + sql.ownedBy(shard.id()) + " THEN '" + shard.id() + "' END")
            .collect(Collectors.joining(", ", "concat(", ")"));
    String query =
        "SELECT t, "
            + sql.owner(RoutingSqlITCase::ordinal)
            + ", "
            + owned
            + " FROM (SELECT t, t::"
            + type
            + " AS k FROM unnest(?::text[]) t) s";
    try (Connection connection = TestServer.connect(database);
        PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setArray(1, connection.createArrayOf("text", keys.toArray()));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String key = row.getString(1);
          String expected = router.route(key).id();
          assertThat("shard-" + row.getInt(2)).as("owner of %s", key).isEqualTo(expected);
          assertThat(row.getString(3)).as("shards that own %s", key).isEqualTo(expected);
        }
      }
    }
  }

  private Topology ranges(int shards) {
    return new TestTopologies(random, HashFunction.POSTGRES).of(RoutingStrategy.HASH, shards);
  }

  private Topology remainders(int shards) {
    return new TestTopologies(random, HashFunction.POSTGRES).of(RoutingStrategy.MODULO, shards);
  }

  /** Ranges of values between the given bounds. */
  private static Topology values(String... bounds) {
    List<Shard> shards = new ArrayList<>();
    for (int index = 0; index <= bounds.length; index++) {
      String from = index == 0 ? null : bounds[index - 1];
      String to = index == bounds.length ? null : bounds[index];
      shards.add(
          new Shard(
              "shard-" + index,
              "node-1",
              "app_" + index,
              ShardStatus.ACTIVE,
              null,
              null,
              null,
              from,
              to,
              null,
              null));
    }
    return topology(new Routing(RoutingStrategy.RANGE, null), shards);
  }

  /** A directory with a shard for each key, and one for the rest. */
  private static Topology listed(List<String> keys) {
    List<Shard> shards = new ArrayList<>();
    for (int index = 0; index <= keys.size(); index++) {
      boolean rest = index == keys.size();
      shards.add(
          new Shard(
              "shard-" + index,
              "node-1",
              "app_" + index,
              ShardStatus.ACTIVE,
              null,
              null,
              null,
              null,
              null,
              rest ? null : List.of(keys.get(index)),
              rest ? true : null));
    }
    return topology(new Routing(RoutingStrategy.DIRECTORY, null), shards);
  }

  private static Topology topology(Routing routing, List<Shard> shards) {
    return TopologyRules.check(
        new Topology(
            1,
            routing,
            List.of(new Node("node-1", "jdbc:postgresql://127.0.0.1/", null, null, null)),
            shards,
            List.of(new TableRule("public.t", "k", false))));
  }

  private static Shard shard(int number, KeyRange range) {
    return new Shard("shard-" + number, "node-1", "app_" + number, ShardStatus.ACTIVE, range, null);
  }
}
