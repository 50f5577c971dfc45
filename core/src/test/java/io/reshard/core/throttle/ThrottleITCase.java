package io.reshard.core.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.CopyPause;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Readers that hold each other and themselves back, on real databases. */
class ThrottleITCase {
  private static final String OPERATION = "op-1";
  private static final String SOURCE = "shard-0";

  private static EmbeddedPostgresServer server;
  private static Plan plan;
  private static Secrets secrets;
  private static ThrottleStore store;

  @BeforeAll
  static void start() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    for (String database : List.of("control", "app_0", "app_1")) {
      server.createDatabase(database);
    }
    Secrets.Control login =
        new Secrets.Control(server.url("control"), EmbeddedPostgresServer.USER, null);
    store = new ThrottleStore(new ControlDatabase(login.endpoint()).migrate());
    plan = plan();
    secrets = Secrets.of(List.of(plan.source()), login);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void aSourceHasAsManyReadersAsItsLimit() throws SQLException {
    try (ReadPermit first = new ReadPermit(plan, secrets, SOURCE);
        ReadPermit second = new ReadPermit(plan, secrets, SOURCE);
        ReadPermit third = new ReadPermit(plan, secrets, SOURCE)) {
      assertThat(first.take(2)).isTrue();
      assertThat(second.take(2)).isTrue();
      assertThat(third.take(2)).isFalse();
      assertThat(third.taken()).isEqualTo(2);
      first.leave();
      assertThat(third.take(2)).isTrue();
      second.leave();
      // A limit that is lowered holds from the next split on.
      assertThat(second.take(1)).isFalse();
      third.leave();
      assertThat(second.take(1)).isTrue();
    }
  }

  @Test
  void aReaderThatDiesGivesItsPlaceBack() throws SQLException {
    ReadPermit dead = new ReadPermit(plan, secrets, SOURCE);
    try (ReadPermit alive = new ReadPermit(plan, secrets, SOURCE)) {
      assertThat(dead.take(1)).isTrue();
      dead.close();
      Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> alive.take(1));
    }
  }

  @Test
  void aReaderWaitsWhileTheQuerySaysSoAndObeysAChange() throws SQLException {
    execute("app_1", "CREATE TABLE load (number int)");
    execute("app_0", "CREATE TABLE load (number int)");
    execute("app_1", "INSERT INTO load VALUES (7)");
    store.set(OPERATION, new Throttle(null, null, "SELECT max(number) FROM load", 5.0));
    try (ReadThrottle throttle = new ReadThrottle(plan, secrets)) {
      assertThat(throttle.begin(SOURCE)).isFalse();
      assertThat(store.pauses(OPERATION))
          .extracting(CopyPause::source, CopyPause::reason)
          .containsExactly(tuple(SOURCE, "the pause query gives 7.0 on shard-1, above 5.0"));
      store.set(OPERATION, new Throttle(null, null, "SELECT max(number) FROM load", 7.0));
      awaitBegin(throttle);
      assertThat(store.pauses(OPERATION)).isEmpty();

      execute("app_0", "DROP TABLE load");
      Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !throttle.begin(SOURCE));
      assertThat(store.pauses(OPERATION).get(0).reason()).contains("failed on shard-0", "load");
      store.set(OPERATION, Throttle.NONE);
      awaitBegin(throttle);
      assertThat(store.pauses(OPERATION)).isEmpty();
    }
  }

  private static void awaitBegin(ReadThrottle throttle) {
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> throttle.begin(SOURCE));
  }

  @Test
  void readersOfOneSourceShareItsRate() throws SQLException {
    Throttle throttle = new Throttle(1_000L, null, null, null);
    try (ShardThrottle one = new ShardThrottle(plan, secrets, SOURCE);
        ShardThrottle other = new ShardThrottle(plan, secrets, SOURCE)) {
      assertThat(one.nanosToWait(throttle)).isZero();
      assertThat(other.nanosToWait(throttle)).isZero();
      other.spend(100_000);
      // Beside one other reader, 100 s at the full rate take twice as long.
      assertThat(Duration.ofNanos(other.nanosToWait(throttle)))
          .isBetween(Duration.ofSeconds(150), Duration.ofSeconds(200));
    }
  }

  @Test
  void whoWaitsForTheRateTakesNoPlaceBeyondTheLimit() throws SQLException {
    Throttle throttle = new Throttle(1_000L, 1, null, null);
    try (ShardThrottle one = new ShardThrottle(plan, secrets, SOURCE);
        ShardThrottle other = new ShardThrottle(plan, secrets, SOURCE)) {
      assertThat(one.nanosToWait(throttle)).isZero();
      assertThat(other.nanosToWait(throttle)).isZero();
      assertThat(one.begin(throttle)).isTrue();
      assertThat(other.begin(throttle)).isFalse();
      one.end();
      assertThat(other.begin(throttle)).isTrue();
    }
  }

  private static void execute(String database, String sql) throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Plan plan() {
    Node node = new Node("node-1", server.url(""), EmbeddedPostgresServer.USER, null, null);
    return new Plan(
        Plan.FORMAT,
        OPERATION,
        topology(1, node, shard(0, "-")),
        topology(2, node, shard(0, "-80"), shard(1, "80-")),
        List.of(),
        List.of(),
        List.of(new MigrationStep(SOURCE, "shard-1", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }

  private static Topology topology(long version, Node node, Shard... shards) {
    Routing routing = new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES);
    return new Topology(version, routing, List.of(node), List.of(shards), List.of());
  }

  private static Shard shard(int number, String range) {
    return new Shard(
        "shard-" + number,
        "node-1",
        "app_" + number,
        ShardStatus.ACTIVE,
        KeyRange.parse(range),
        null);
  }
}
