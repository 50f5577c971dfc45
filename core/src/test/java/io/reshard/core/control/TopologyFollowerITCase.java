package io.reshard.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.routing.Router;
import io.reshard.core.routing.TestTopologies;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Topology;
import java.time.Duration;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TopologyFollowerITCase {
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(100);

  private final TestTopologies topologies = new TestTopologies(new Random(5), HashFunction.MD5);
  private ControlDatabase control;
  private String database;

  @BeforeEach
  void registerTopology() throws Exception {
    database = TestServer.createDatabase();
    control =
        new ControlDatabase(
                new Endpoint("control", TestServer.nodeUrl() + database, "postgres", "postgres"))
            .migrate();
    new TopologyStore(control).initialize(topologies.of(RoutingStrategy.HASH, 1));
  }

  @Test
  void switchesOnANotification() {
    try (TopologyFollower follower = new TopologyFollower(control, LONG)) {
      assertThat(follower.router("public.t", "bigint").route(7).id()).isEqualTo("shard-0");
      awaitListener();
      switchTo(2);
      awaitVersion(follower, 2);
      assertThat(follower.router("public.t", "bigint").route(7).id())
          .isEqualTo(new Router(follower.topology(), "bigint").route(7).id());
    }
  }

  @Test
  void goesOnWhenItsConnectionIsLost() throws Exception {
    try (TopologyFollower follower = new TopologyFollower(control, SHORT)) {
      awaitListener();
      TestServer.run(
          database,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE application_name = 'reshard topology follower'");
      assertThat(follower.router("public.t", "bigint").route(7).id()).isEqualTo("shard-0");
      switchTo(2);
      awaitVersion(follower, 2);
    }
  }

  @Test
  void looksAgainWhenItsSessionIsLost() throws Exception {
    try (TopologyFollower follower = new TopologyFollower(control, LONG)) {
      awaitListener();
      follower.refresh();
      TestServer.run(
          database,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE application_name LIKE 'reshard%' AND datname = current_database()");
      switchTo(2);
      follower.refresh();
      assertThat(follower.topology().version()).isEqualTo(2);
    }
  }

  @Test
  void knowsItsTables() {
    try (TopologyFollower follower = new TopologyFollower(control, LONG)) {
      assertThatThrownBy(() -> follower.router("public.other", "bigint"))
          .isInstanceOf(ReshardingException.class)
          .hasMessageContaining("no sharded table 'public.other'");
    }
  }

  private void switchTo(long version) {
    Topology next = topologies.of(RoutingStrategy.MODULO, 4).withVersion(version);
    control.call(
        "switch",
        jdbi -> {
          jdbi.useTransaction(handle -> TopologyStore.compareAndSet(handle, version - 1, next));
          return null;
        });
  }

  private void awaitListener() {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                control.call(
                    "look for the follower",
                    jdbi ->
                        jdbi.withHandle(
                            handle ->
                                handle
                                    .createQuery(
                                        "SELECT count(*) > 0 FROM pg_stat_activity WHERE"
                                            + " application_name = 'reshard topology follower'"
                                            + " AND query LIKE 'LISTEN%' AND state = 'idle'")
                                    .mapTo(Boolean.class)
                                    .one())));
  }

  private static void awaitVersion(TopologyFollower follower, long version) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> follower.topology().version() == version);
  }
}
