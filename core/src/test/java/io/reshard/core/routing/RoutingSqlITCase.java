package io.reshard.core.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The SQL twin and the Java router must agree on every key, and on no two shards. */
class RoutingSqlITCase {
  private final Random random = new Random(11);

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

  @Test
  void agreesAtTheEdgesOfRanges() throws SQLException {
    // The hash of a key is itself a bound: it belongs to the range that starts there.
    for (String key : PostgresHashITCase.longs().subList(0, 20)) {
      long hash = PostgresHash.ofLong(Long.parseLong(key));
      Topology topology =
          topology(
              RoutingStrategy.HASH,
              List.of(
                  shard(0, new KeyRange(0, hash), null), shard(1, new KeyRange(hash, 0), null)));
      assertThat(new Router(topology).route(key, "bigint").id()).isEqualTo("shard-1");
      assertAgreement(topology, "bigint", List.of(key));
    }
  }

  @Test
  void knowsNoOwnerOfANull() throws SQLException {
    for (Topology topology : List.of(ranges(1), ranges(3), remainders(1), remainders(3))) {
      RoutingSql sql = new RoutingSql(topology, "k", "bigint");
      String query =
          "SELECT "
              + sql.owner(RoutingSqlITCase::ordinal)
              + ", "
              + sql.ownedBy("shard-0")
              + ", "
              + sql.strayOn("shard-0")
              + " FROM (SELECT NULL::bigint AS k) s";
      try (Connection connection = TestServer.connect("postgres");
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
    assertThatThrownBy(() -> new RoutingSql(ranges(2), "k", "numeric(10,2)"))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_TOPOLOGY))
        .hasMessageContaining("numeric(10,2)");
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
    Router router = new Router(topology);
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
    try (Connection connection = TestServer.connect("postgres");
        PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setArray(1, connection.createArrayOf("text", keys.toArray()));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String key = row.getString(1);
          String expected = router.route(key, type).id();
          assertThat("shard-" + row.getInt(2)).as("owner of %s", key).isEqualTo(expected);
          assertThat(row.getString(3)).as("shards that own %s", key).isEqualTo(expected);
        }
      }
    }
  }

  private Topology ranges(int shards) {
    SortedSet<Long> bounds = new TreeSet<>(Long::compareUnsigned);
    bounds.add(0L);
    while (bounds.size() < shards) {
      bounds.add(random.nextLong());
    }
    List<Long> starts = new ArrayList<>(bounds);
    List<Shard> owners = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      long end = index + 1 < shards ? starts.get(index + 1) : 0;
      owners.add(shard(index, new KeyRange(starts.get(index), end), null));
    }
    Collections.shuffle(owners, random);
    return topology(RoutingStrategy.HASH, owners);
  }

  private Topology remainders(int shards) {
    List<Shard> owners = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      owners.add(shard(index, null, index));
    }
    Collections.shuffle(owners, random);
    return topology(RoutingStrategy.MODULO, owners);
  }

  private static Shard shard(int number, KeyRange range, Integer remainder) {
    return new Shard(
        "shard-" + number, "node-1", "app_" + number, ShardStatus.ACTIVE, range, remainder);
  }

  private static Topology topology(RoutingStrategy strategy, List<Shard> shards) {
    return TopologyRules.check(
        new Topology(
            1,
            new Routing(strategy, HashFunction.POSTGRES),
            List.of(new Node("node-1", "jdbc:postgresql://127.0.0.1/", null, null, null)),
            shards,
            List.of(new TableRule("public.t", "k", false))));
  }
}
