package io.reshard.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TopologyStoreITCase {
  private ControlDatabase control;
  private TopologyStore store;

  @BeforeEach
  void createControlDatabase() throws SQLException {
    control = TestControl.create();
    store = new TopologyStore(control);
  }

  @Test
  void registersTheFirstTopologyOnce() {
    Topology topology = topology(1, "app_0");
    assertThat(store.findActive()).isEmpty();
    assertThat(store.activeVersion()).isZero();
    assertThatThrownBy(store::active).hasMessageContaining("topology init");

    store.initialize(topology);

    assertThat(store.active()).isEqualTo(topology);
    assertThat(store.activeVersion()).isEqualTo(1);
    assertThat(store.shards()).extracting(ShardRecord::shardId).containsExactly("shard-0");
    assertThat(store.shards()).extracting(ShardRecord::status).containsExactly(ShardStatus.ACTIVE);
    assertConflict(() -> store.initialize(topology(1, "app_0")));
    assertConflict(() -> store.initialize(topology(5, "app_5")));
    assertThat(store.active()).isEqualTo(topology);
  }

  @Test
  void storesAPlannedVersionAgainButNeverAnActiveOne() {
    store.initialize(topology(1, "app_0"));
    store.store(topology(2, "app_a"));
    store.store(topology(2, "app_b"));
    assertConflict(() -> store.store(topology(1, "app_x")));
    assertThat(store.active().shard("shard-0").database()).isEqualTo("app_0");
  }

  @Test
  void letsExactlyOneOfTwoSwitchersWin() throws Exception {
    store.initialize(topology(1, "app_0"));
    for (int round = 1; round <= 10; round++) {
      long version = round;
      List<Callable<Boolean>> switchers = new ArrayList<>();
      CyclicBarrier start = new CyclicBarrier(2);
      for (int switcher = 0; switcher < 2; switcher++) {
        // The same next version with the same content: only the compare-and-set decides.
        Topology next = topology(version + 1, "app_" + version);
        switchers.add(
            () -> {
              start.await();
              return switched(version, next);
            });
      }
      assertThat(runAll(switchers)).containsExactlyInAnyOrder(true, false);
      assertThat(store.activeVersion()).isEqualTo(version + 1);
    }
  }

  private boolean switched(long expected, Topology next) {
    try {
      return control.call(
          "switch",
          jdbi ->
              jdbi.inTransaction(
                  handle -> {
                    TopologyStore.compareAndSet(handle, expected, next);
                    return true;
                  }));
    } catch (ReshardingException e) {
      assertThat(e.errorCode()).isEqualTo(ErrorCode.TOPOLOGY_CONFLICT);
      return false;
    }
  }

  private static <T> List<T> runAll(List<Callable<T>> tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void keepsTheReasonOfAFailedShard() {
    store.initialize(topology(1, "app_0"));
    store.record(List.of("shard-1", "shard-2"), ShardStatus.PENDING, null);
    store.record(List.of("shard-1"), ShardStatus.FAILED, "disk full");
    assertThat(store.shards())
        .extracting(ShardRecord::shardId, ShardRecord::status, ShardRecord::reason)
        .containsExactly(
            tuple("shard-0", ShardStatus.ACTIVE, null),
            tuple("shard-1", ShardStatus.FAILED, "disk full"),
            tuple("shard-2", ShardStatus.PENDING, null));
    ShardRecord failed = store.shards().get(1);
    assertThat(failed.updatedAt()).isAfter(failed.createdAt());
  }

  @Test
  void namesTheControlDatabaseThatCannotBeReached() {
    ControlDatabase gone =
        new ControlDatabase(
            new Endpoint("control database", "jdbc:postgresql://127.0.0.1:1/x", "app", "secret"));
    assertThatThrownBy(gone::migrate)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.STATE_STORE_FAILED))
        .hasMessageContaining("control database")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> new TopologyStore(gone).activeVersion())
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.STATE_STORE_FAILED));
  }

  private static void assertConflict(Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.TOPOLOGY_CONFLICT));
  }

  private static Topology topology(long version, String database) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", "jdbc:postgresql://127.0.0.1/", "app", "${P}", null)),
        List.of(
            new Shard(
                "shard-0", "node-1", database, ShardStatus.ACTIVE, KeyRange.parse("-"), null)),
        List.of(new TableRule("public.orders", "customer_id", false)));
  }
}
