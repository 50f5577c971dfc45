package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.Epoch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.job.Migration;
import io.reshard.job.target.CopyStream;
import io.reshard.job.target.TargetSession;
import io.reshard.job.target.TargetSessions;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @Test
  void aKeyThatTwoShardsHaveIsToldOfWithBothRows() throws SQLException {
    shards.run(0, "UPDATE item SET id = 5 WHERE id = 4");
    copy(read(0, "5"));

    assertThat(notes()).containsExactly("{5}");
    assertThatThrownBy(this::settle)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.KEY_COLLISION))
        .hasMessageContaining("(id) = (5) on shard-0 and (id) = (5) on shard-1");
  }

  /** Rows of a shard that is kept may have the very keys of those that come. */
  @ParameterizedTest
  @CsvSource({
    "false, DROP INDEX item_code, false",
    "true, DROP INDEX item_code, true",
    "true, 'DROP INDEX item_code, item_lower', true",
    "true, 'DROP INDEX item_code, item_lower; ALTER TABLE item DROP CONSTRAINT item_pkey,"
        + " ADD PRIMARY KEY (id) DEFERRABLE', false",
  })
  void rowsYieldWhereTheyCanFindTheirPlaceTaken(boolean kept, String ddl, boolean needed)
      throws SQLException {
    assertThat(needed(new ItemShards(kept, List.of()), ddl)).isEqualTo(needed);
  }

  /** What somebody declares may be wrong: then both rows are to be named. */
  @Test
  void rowsWhoseKeysAreDeclaredGlobalYieldAsWell() throws SQLException {
    ItemShards global = new ItemShards(true, List.of("id"));
    assertThat(needed(global, "DROP INDEX item_code, item_lower")).isTrue();
  }

  private static boolean needed(ItemShards shards, String ddl) throws SQLException {
    shards.run(ItemShards.TARGET, ddl);
    try (TargetSessions sessions = shards.newAttempt()) {
      TargetSession session = sessions.take(ItemShards.TARGET);
      session.begin();
      boolean needed = new YieldingInsert(shards.migration(), session, 0).needed();
      session.rollback();
      sessions.release(ItemShards.TARGET, session);
      return needed;
    }
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
