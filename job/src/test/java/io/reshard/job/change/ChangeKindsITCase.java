package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each kind of change makes of events. */
class ChangeKindsITCase {

  private TestShard shard;

  @BeforeEach
  void createShard() {
    shard = TestShard.create();
  }

  @AfterEach
  void closeShard() {
    shard.close();
  }

  @Test
  void emitsTheKeysOfInsertsUpdatesAndDeletes() {
    shard.sql("CREATE TABLE t (payload text, id bigint PRIMARY KEY)");
    shard.publish("t (id)");
    try (TestJob job = start("id", "bigint")) {
      apart(
          job,
          "INSERT INTO t VALUES ('a', 1), ('b', 2)",
          "UPDATE t SET payload = 'c' WHERE id = 1",
          "UPDATE t SET id = 3 WHERE id = 2",
          "DELETE FROM t WHERE id = 1");
      assertThat(job.keys()).containsExactly("1", "2", "1", "2", "3", "1");
      assertThat(job.events)
          .filteredOn(event -> !event.isHeartbeat())
          .allSatisfy(
              event -> {
                assertThat(event.source).isEqualTo((short) 3);
                assertThat(event.table).isEqualTo((short) 7);
              });
    }
  }

  @Test
  void carriesTheTransactionsId() {
    shard.sql("CREATE TABLE t (id bigint PRIMARY KEY)");
    shard.publish("t (id)");
    List<String> transactions =
        shard.query("WITH w AS (INSERT INTO t VALUES (1)) SELECT pg_current_xact_id()::xid");
    try (TestJob job = start("id", "bigint")) {
      job.awaitEvents(1);
      assertThat(job.events.peek().transactionId).isEqualTo(Long.parseLong(transactions.get(0)));
    }
  }

  @Test
  void ordersTheValuesOfACompositeKeyAsThePlanDoes() {
    shard.sql(
        "CREATE TABLE t (a text, filler int, b int, c uuid DEFAULT gen_random_uuid(), PRIMARY KEY"
            + " (b, a))");
    shard.publish("t (b, a)");
    try (TestJob job = start("b", "integer", "a", "text")) {
      apart(
          job,
          "INSERT INTO t VALUES ('x', 0, 1)",
          "UPDATE t SET a = 'y'",
          "UPDATE t SET b = 2",
          "DELETE FROM t");
      assertThat(job.keys()).containsExactly("1,x", "1,x", "1,y", "1,y", "2,y", "2,y");
    }
  }

  @Test
  void readsTablesWithReplicaIdentityFull() {
    shard.sql(
        "CREATE TABLE t (n numeric, id bigint PRIMARY KEY, d date, big text)",
        "ALTER TABLE t REPLICA IDENTITY FULL",
        "ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
    shard.publish("t");
    try (TestJob job = start("id", "bigint")) {
      apart(
          job,
          "INSERT INTO t VALUES ('NaN', 1, 'infinity', repeat('x', 9000)), (2, 2, '0001-01-01 BC',"
              + " '')",
          "UPDATE t SET n = n + 1",
          "UPDATE t SET id = 3 WHERE id = 2",
          "DELETE FROM t");
      assertThat(job.keys()).containsExactly("1", "2", "1", "2", "2", "3", "1", "3");
    }
  }

  @Test
  void readsAKeyThatAnUpdateLeavesOutBecauseItIsStoredApart() {
    // A value of 2 100 bytes is moved out of the row, and still fits an index entry.
    shard.sql(
        "CREATE TABLE t (k text PRIMARY KEY, n int, m int)",
        "ALTER TABLE t ALTER k SET STORAGE EXTERNAL");
    shard.publish("t (k)");
    String key = "k".repeat(2100);
    try (TestJob job = start("k", "text")) {
      apart(
          job,
          "INSERT INTO t VALUES ('" + key + "', 0, 0)",
          "UPDATE t SET n = 1",
          "UPDATE t SET n = 2",
          "DELETE FROM t");
      assertThat(job.keys()).containsExactly(key, key, key, key);
    }
  }

  @Test
  void readsPartitionedTablesByTheirRoot() {
    shard.sql(
        "CREATE TABLE t (id bigint PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100)",
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (100) TO (200)");
    shard.publish("t (id)");
    try (TestJob job = start("id", "bigint")) {
      apart(
          job,
          "INSERT INTO t VALUES (1), (150)",
          "UPDATE t SET id = 101 WHERE id = 1",
          "DELETE FROM t");
      assertThat(job.keys()).containsExactly("1", "150", "1", "101", "150", "101");
    }
  }

  @Test
  void emitsThisOperationsHeartbeatAndNoOther() {
    shard.sql("CREATE TABLE t (id bigint PRIMARY KEY)");
    shard.publish("t (id)");
    shard.beat();
    shard.beat("op-2");
    shard.sql("INSERT INTO t VALUES (5)");
    shard.beat();
    try (TestJob job = start("id", "bigint")) {
      job.awaitEvents(3);
      assertThat(job.events).extracting(event -> event.heartbeatNumber).containsExactly(1L, 0L, 2L);
      assertThat(job.events)
          .extracting(event -> event.heartbeatValue)
          .containsExactly(10L, 0L, 20L);
      assertThat(job.events)
          .extracting(ChangeEvent::isHeartbeat)
          .containsExactly(true, false, true);
    }
  }

  @Test
  void passesOverLogicalMessages() {
    shard.sql("CREATE TABLE t (id bigint PRIMARY KEY)");
    shard.publish("t (id)");
    try (TestJob job = start("id", "bigint")) {
      shard.sql(
          "SELECT pg_logical_emit_message(false, 'x', 'y')",
          "SELECT pg_logical_emit_message(true, 'x', 'y')",
          "BEGIN; SELECT pg_logical_emit_message(false, 'x', 'y'); INSERT INTO t VALUES (1); SELECT"
              + " pg_logical_emit_message(true, 'x', 'y'); INSERT INTO t VALUES (2); COMMIT");
      job.awaitEvents(2);
      assertThat(job.keys()).containsExactly("1", "2");
    }
  }

  @Test
  void failsForGoodOnATruncate() {
    shard.sql("CREATE TABLE t (id bigint PRIMARY KEY)");
    shard.publish("t (id)");
    shard.sql("INSERT INTO t VALUES (1)", "TRUNCATE t");
    try (TestJob job = start("id", "bigint")) {
      assertThat(job.failure())
          .hasStackTraceContaining(SuppressRestartsException.class.getName())
          .hasStackTraceContaining("Table public.t was truncated on source 3");
    }
  }

  @Test
  void survivesChangesOfTheTablesDefinition() {
    shard.sql("CREATE TABLE t (id bigint PRIMARY KEY, a int)");
    shard.publish("t (id)");
    try (TestJob job = start("id", "bigint")) {
      shard.sql("INSERT INTO t VALUES (1)");
      job.awaitEvents(1);
      shard.sql(
          "ALTER TABLE t ADD b text DEFAULT 'x', DROP a",
          "CREATE INDEX ON t (b)",
          "ANALYZE t",
          "INSERT INTO t VALUES (2)",
          "ALTER TABLE t ADD c int",
          "UPDATE t SET c = 3 WHERE id = 1");
      job.awaitEvents(3);
      assertThat(job.keys()).containsExactly("1", "2", "1");
    }
  }

  /**
   * What one statement changes arrives before the next: a key is told once for what comes at once.
   */
  private void apart(TestJob job, String... statements) {
    for (int at = 0; at < statements.length; at++) {
      shard.sql(statements[at]);
      shard.beat();
      job.awaitHeartbeats(at + 1);
    }
  }

  private TestJob start(String... keyColumns) {
    return TestJob.start(shard, List.of(TestShard.table(7, "public", "t", keyColumns)));
  }
}
