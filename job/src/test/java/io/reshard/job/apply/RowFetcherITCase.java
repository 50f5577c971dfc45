package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.job.TestMigrations;
import io.reshard.job.change.ChangeEvent;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Items of the owners 1 and 2 that move to a shard which lists owner 1 alone, or to one each. */
class RowFetcherITCase {
  private static final Column ID = new Column("id", "bigint", false);
  private static final Column OWNER = new Column("owner", "bigint", false);

  private String source;
  private OneInputStreamOperatorTestHarness<ChangeEvent, ChangeBlock> fetcher;

  @BeforeEach
  void start() throws Exception {
    source = TestServer.createDatabase();
    TestServer.run(source, "CREATE TABLE item (id bigint PRIMARY KEY, owner bigint NOT NULL)");
    open(plan("owner", shard("shard-1", "elsewhere", "1")));
  }

  private void open(Plan plan) throws Exception {
    fetcher =
        new OneInputStreamOperatorTestHarness<>(
            new RowFetcher(TestMigrations.of(plan, TestServer.secrets("node-1"))));
    fetcher.open();
  }

  @AfterEach
  void stop() throws Exception {
    fetcher.close();
  }

  @Test
  void theNewOwnerGetsTheRow() throws Exception {
    change(7, 1);
    fetcher.prepareSnapshotPreBarrier(1);
    assertThat(fetcher.extractOutputValues()).extracting(block -> block.rows).containsExactly(1);
  }

  /**
   * (1) A row is written under a key that no shard of the other topology lists; (2) it is told to
   * no target; (3) after the switch its shard is retired, or emptied.
   */
  @Test
  void aRowThatNobodyWillOwnEndsTheJob() throws Exception {
    change(8, 2);
    assertThatThrownBy(() -> fetcher.prepareSnapshotPreBarrier(1))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.STRAY_ROW))
        .hasMessageContaining("a row of public.item that was written on shard-0");
  }

  /** (1) A row's shard key is changed to another shard's; (2) the shard it lies on is retired. */
  @Test
  void aRowThatBecomesAStrayEndsTheJob() throws Exception {
    change(9, 1);
    TestServer.run(source, "UPDATE item SET owner = 3 WHERE id = 9");
    assertThatThrownBy(() -> fetcher.prepareSnapshotPreBarrier(1))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.STRAY_ROW))
        .hasMessageContaining("shard-0 was given a row of public.item that it does not own")
        .hasMessageContaining("primary key (9)");
  }

  @Test
  void everyTargetIsToldOfAKeyWhoseRowMayHaveMoved() throws Exception {
    reopen("owner");
    change(1, 1);
    change(2, 2);
    assertThat(told()).containsExactlyInAnyOrder("shard-1 [1, 2] 1", "shard-2 [1, 2] 1");
  }

  /** No other target can hold it; of a row that is gone nobody reads whose it was. */
  @Test
  void theOwnerAloneIsToldOfAKeyThatSaysWhoOwnsItsRow() throws Exception {
    reopen("id");
    change(1, 1);
    change(2, 1);
    assertThat(told()).containsExactlyInAnyOrder("shard-1 [1] 1", "shard-2 [2] 1");
    TestServer.run(source, "DELETE FROM item WHERE id = 2");
    announce(1);
    announce(2);
    assertThat(told()).containsExactlyInAnyOrder("shard-1 [1, 2] 1", "shard-2 [2] 0");
  }

  private void reopen(String shardKey) throws Exception {
    fetcher.close();
    open(plan(shardKey, shard("shard-1", "elsewhere", "1"), shard("shard-2", "elsewhere-2", "2")));
  }

  /** What each target was told since the last time: keys, and the number of rows. */
  private List<String> told() throws Exception {
    fetcher.prepareSnapshotPreBarrier(1);
    List<String> blocks =
        fetcher.extractOutputValues().stream()
            .map(
                block ->
                    "shard-%d %s %d"
                        .formatted(block.target, Arrays.toString(block.keys[0]), block.rows))
            .toList();
    fetcher.getOutput().clear();
    return blocks;
  }

  private void change(long id, long owner) throws Exception {
    insert(id, owner);
    announce(id);
  }

  private void announce(long id) throws Exception {
    ChangeEvent event =
        ChangeEvent.ofRow((short) 0, (short) 0, new String[] {Long.toString(id)}, 1);
    fetcher.processElement(event, 0);
  }

  private void insert(long id, long owner) throws SQLException {
    TestServer.run(source, "INSERT INTO item VALUES (%d, %d)".formatted(id, owner));
  }

  private Plan plan(String shardKey, Shard... targets) {
    PlannedTable table =
        new PlannedTable(
            "public",
            "item",
            List.of(ID, OWNER),
            List.of("id"),
            shardKey,
            true,
            List.of(),
            new IndexDefinition("item_pkey", "ALTER TABLE item ADD PRIMARY KEY (id)"),
            List.of(),
            List.of(),
            0,
            0);
    return new Plan(
        Plan.FORMAT,
        "fetched",
        topology(1, shardKey, shard("shard-0", source, "1", "2")),
        topology(2, shardKey, targets),
        List.of(),
        List.of(table),
        Arrays.stream(targets)
            .map(target -> new MigrationStep("shard-0", target.id(), "1", 0, 0))
            .toList(),
        List.of(),
        0,
        0,
        List.of());
  }

  private static Topology topology(long version, String shardKey, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.DIRECTORY, null),
        List.of(new Node("node-1", TestServer.nodeUrl(), "postgres", null, null)),
        List.of(shards),
        List.of(new TableRule("public.item", shardKey, false)));
  }

  private static Shard shard(String id, String database, String... keys) {
    return new Shard(
        id,
        "node-1",
        database,
        ShardStatus.ACTIVE,
        null,
        null,
        null,
        null,
        null,
        List.of(keys),
        null);
  }
}
