package io.reshard.planner;

import static io.reshard.planner.PreflightITCase.failed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys that would meet on one shard, and keys that would belong to none. */
class PreflightKeysITCase {
  private String first;
  private String second;

  @BeforeEach
  void createDatabases() throws SQLException {
    first = TestServer.createDatabase();
    second = TestServer.createDatabase();
  }

  private Topology twoShards() {
    return TestTopology.directory("t:customer")
        .shard(directory("shard-0", first, "2", "4"))
        .shard(directory("shard-1", second, "1", "3"))
        .build();
  }

  private static Shard directory(String id, String database, String... keys) {
    return new Shard(
        id,
        TestTopology.NODE,
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

  private void createTables(String idType, String firstId, String secondId) throws SQLException {
    String table = "CREATE TABLE t (id %s PRIMARY KEY, customer bigint NOT NULL)".formatted(idType);
    String insert = "INSERT INTO t VALUES (%s, %d), (%s, %d)";
    TestServer.run(first, table, insert.formatted("'10'", 2, firstId, 4));
    TestServer.run(second, table, insert.formatted("'11'", 1, secondId, 3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bigint", "text", "numeric"})
  void refusesKeysThatMeetOnANewShard(String idType) throws SQLException {
    createTables(idType, "'12'", "'13'");
    assertThat(ontoNewShard().preflight()).allMatch(PreflightFinding::ok);
    TestServer.run(second, "UPDATE t SET id = '12' WHERE id = '13'");
    assertThat(failed(ontoNewShard(), "key_collisions", "shard-2").detail())
        .contains("public.t has the primary key (12) on ", "shard-0", "shard-1");
  }

  @Test
  void takesEqualNumbersForOneKey() throws SQLException {
    createTables("numeric", "5.0", "5.00");
    assertThat(failed(ontoNewShard(), "key_collisions", "shard-2").detail()).contains("(5)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "CREATE UNIQUE INDEX u ON t (mail) # 'a' # 'a' # (a)",
        "CREATE UNIQUE INDEX u ON t (lower(mail)) # 'A' # 'a' # (a)",
        "CREATE UNIQUE INDEX u ON t (mail) WHERE id < 100 # 'a' # 'a' # (a)",
        "CREATE UNIQUE INDEX u ON t (mail) WHERE id > 100 # 'a' # 'a' #",
        "CREATE UNIQUE INDEX u ON t (mail, customer) # 'a' # 'a' #",
        "CREATE UNIQUE INDEX u ON t (mail) # NULL # NULL #",
      })
  void refusesUniqueValuesThatMeet(String index, String one, String other, String found)
      throws SQLException {
    createTables("bigint", "12", "13");
    for (String database : List.of(first, second)) {
      TestServer.run(database, "ALTER TABLE t ADD mail text", index);
    }
    TestServer.run(first, "UPDATE t SET mail = " + one + " WHERE id = 12");
    TestServer.run(second, "UPDATE t SET mail = " + other + " WHERE id = 13");
    Plan plan = ontoNewShard();
    if (found == null) {
      assertThat(plan.preflight()).allMatch(PreflightFinding::ok);
    } else {
      assertThat(failed(plan, "key_collisions", "shard-2").detail())
          .startsWith("public.t has in the unique index u the value " + found);
    }
  }

  @Test
  void refusesAKeyThatAKeptTargetHolds() throws SQLException {
    createTables("bigint", "12", "12");
    assertThat(failed(ontoFirst("3", "1"), "key_collisions", "shard-0").detail())
        .contains("public.t has the primary key (12)");
    // The row with the same key stays where it is.
    assertThat(ontoFirst("1", "3").preflight()).allMatch(PreflightFinding::ok);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      nullValues = "-",
      value = {
        "RESTART 100 # RESTART 200 # shard-0 gives 100 next, and shard-1 gives 200",
        "RESTART 200 # RESTART 100 # shard-0 gives 200 next, and shard-1 gives 100",
        "RESTART 100 # RESTART 100099 # shard-0 gives 100 next, and shard-1 gives 100099",
        "RESTART 100 MAXVALUE 5000 # RESTART 5001 # -",
        "RESTART 100 SET INCREMENT 2 # RESTART 101 SET INCREMENT 2 # -",
        "RESTART 100 SET INCREMENT 2 # RESTART 201 SET INCREMENT 3 # gives 100 next",
        "RESTART 7 # RESTART 900000 # shard-0 gives 7 next, and shard-1 has a row with 11",
        "SET INCREMENT -1 RESTART 100 # RESTART 900000 # shard-0 gives 100 next, and shard-1 has a",
      })
  void refusesIdsThatTwoShardsCount(String onFirst, String onSecond, String found)
      throws SQLException {
    createTables("bigint GENERATED BY DEFAULT AS IDENTITY (MINVALUE -1000)", "12", "13");
    TestServer.run(first, "ALTER TABLE t ALTER id " + onFirst.replace(" MAX", " SET MAX"));
    TestServer.run(second, "ALTER TABLE t ALTER id " + onSecond);
    Plan apart = ontoNewShard();
    Plan kept = ontoFirst("1", "3");
    if (found == null) {
      assertThat(apart.preflight()).allMatch(PreflightFinding::ok);
      assertThat(kept.preflight()).allMatch(PreflightFinding::ok);
    } else {
      assertThat(failed(apart, "key_counters", "shard-2").detail())
          .contains("public.t.id: ", found);
      assertThat(failed(kept, "key_counters", "shard-0").detail()).contains("public.t.id: ");
    }
  }

  @Test
  void refusesACounterThatTheCutoverWouldMoveIntoAnothersRange() throws SQLException {
    createTables("bigint GENERATED BY DEFAULT AS IDENTITY", "12", "13");
    TestServer.run(first, "ALTER TABLE t ALTER id RESTART 100");
    TestServer.run(second, "ALTER TABLE t ALTER id RESTART 100100");
    assertThat(ontoNewShard().preflight()).allMatch(PreflightFinding::ok);
    assertThat(failed(ontoFirst("1", "3"), "key_counters", "shard-0").detail())
        .contains("of shard-1, which gives 100100 next; ALTER SEQUENCE … MAXVALUE 100099");
    TestServer.run(first, "ALTER TABLE t ALTER id SET MAXVALUE 100099");
    assertThat(ontoFirst("1", "3").preflight()).allMatch(PreflightFinding::ok);
  }

  @Test
  void takesIdsThatTheApplicationDeclaresGlobal() throws SQLException {
    createTables("bigint", "12", "13");
    for (String database : List.of(first, second)) {
      TestServer.run(
          database,
          "CREATE SEQUENCE ids START 100",
          "ALTER TABLE t ALTER id SET DEFAULT nextval('ids')");
    }
    assertThat(failed(ontoNewShard(), "key_counters", "shard-2").detail()).contains("public.t.id");
    assertThat(ontoNewShardGlobal("id").preflight()).allMatch(PreflightFinding::ok);
    assertThat(failed(ontoNewShardGlobal("idd"), "key_counters", "shard-2").detail())
        .startsWith("public.t has no global key idd; ");
    // What is there twice is refused all the same.
    TestServer.run(second, "UPDATE t SET id = 12 WHERE id = 13");
    assertThat(failed(ontoNewShardGlobal("id"), "key_collisions", "shard-2").detail())
        .contains("(12)");
  }

  private Plan ontoNewShardGlobal(String column) {
    Topology target = ontoNewShardTopology();
    TableRule rule = new TableRule("t", "customer", false, null, null, List.of(column));
    return plan(target.withTables(List.of(rule)));
  }

  /** Whether there is such a row at the moment or not: the application may write one later. */
  @Test
  void refusesToLoseKeys() throws SQLException {
    createTables("bigint", "12", "13");
    TestServer.run(first, "DELETE FROM t WHERE customer = 4");
    Topology target =
        TestTopology.directory("t:customer")
            .shard(directory("shard-0", first, "2", "1"))
            .shard(directory("shard-1", second, "3"))
            .build();
    assertThatThrownBy(() -> plan(target))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_TOPOLOGY))
        .hasMessageContaining("shard 'shard-0' owns the key '4', which the new topology does not");

    Topology hashed = TestTopology.hash("t:customer").shard("shard-0", first, "-").build();
    assertThatThrownBy(() -> PreflightITCase.plan(hashed, target, PlannerOptions.defaults()))
        .hasMessageContaining("shard 'shard-0' owns keys that the new topology does not list");
  }

  private Plan ontoNewShard() {
    return plan(ontoNewShardTopology());
  }

  private static Topology ontoNewShardTopology() {
    return TestTopology.directory("t:customer")
        .shard(directory("shard-2", TestServer.freshName(), "1", "2", "3", "4"))
        .build();
  }

  private Plan ontoFirst(String moved, String kept) {
    return plan(
        TestTopology.directory("t:customer")
            .shard(directory("shard-0", first, "2", "4", moved))
            .shard(directory("shard-1", second, kept))
            .build());
  }

  private Plan plan(Topology target) {
    return PreflightITCase.plan(twoShards(), target, PlannerOptions.defaults());
  }
}
