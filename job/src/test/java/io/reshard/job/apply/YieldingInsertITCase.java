package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Epoch;
import io.reshard.job.Migration;
import io.reshard.job.target.CopyStream;
import io.reshard.job.target.TargetSession;
import io.reshard.job.target.TargetSessions;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two splits, read at different moments, with a unique value that moves between them. */
class YieldingInsertITCase {
  private static final String OTHER = "UPDATE item SET code = 'other' WHERE id = ";
  private static final String CODE_2 = "UPDATE item SET code = 'code 2' WHERE id = ";

  private ItemShards shards;
  private Migration migration;
  private TargetSessions sessions;
  private FreshRows rows;

  @BeforeEach
  void start() throws SQLException {
    shards = new ItemShards();
    shards.reset(2);
    shards.run(ItemShards.TARGET, "TRUNCATE item");
    migration = shards.migration();
    sessions = shards.newAttempt();
    rows = new FreshRows(migration, "test");
    copy(read(1, "3", "5"));
  }

  @AfterEach
  void stop() throws SQLException {
    rows.close();
    sessions.close();
  }

  @Test
  void aRowThatFindsItsValueTakenByAStaleOneComesLater() throws SQLException {
    copy(read(0, "2"));
    shards.run(0, OTHER + 2, CODE_2 + 4);
    copy(read(0, "4"));

    assertThat(shards.actual()).hasSize(3);
    assertThat(notes()).containsExactly("{4}");
    settle();
    assertThat(shards.actual()).isEqualTo(shards.expected());
    assertThat(notes()).isEmpty();
  }

  @Test
  void aStaleRowThatFindsItsValueTakenYieldsToo() throws SQLException {
    ChangeBlock stale = read(0, "2");
    shards.run(0, OTHER + 2, CODE_2 + 4);
    copy(read(0, "4"));
    copy(stale);

    assertThat(notes()).containsExactly("{2}");
    settle();
    assertThat(shards.actual()).isEqualTo(shards.expected());
  }

  /** Both come in one split if its rows were read under one snapshot: nothing yields. */
  @Test
  void rowsThatDoNotClashAreWrittenAtOnce() throws SQLException {
    copy(read(0, "2", "4"));

    assertThat(notes()).isEmpty();
    assertThat(shards.actual()).isEqualTo(shards.expected());
  }

  private ChangeBlock read(int source, String... keys) {
    return rows.read(0, source, ItemShards.TARGET, List.of(keys).stream().map(List::of).toList());
  }

  private void copy(ChangeBlock block) throws SQLException {
    TargetSession session = sessions.take(ItemShards.TARGET);
    session.begin();
    YieldingInsert insert = new YieldingInsert(migration, session, 0);
    CopyStream stream = insert.stream();
    stream.write(block.tuples);
    stream.end();
    insert.insert();
    session.commit();
    sessions.release(ItemShards.TARGET, session);
  }

  private List<String> notes() throws SQLException {
    return shards.query(ItemShards.TARGET, "SELECT key::text FROM reshard.refetch");
  }

  private void settle() throws SQLException {
    Epoch epoch = sessions.epoch();
    try (Evictions evictions = new Evictions(migration, epoch, "shard-2")) {
      evictions.settle(migration.table(0));
    }
  }
}
