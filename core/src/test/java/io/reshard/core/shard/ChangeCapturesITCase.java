package io.reshard.core.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.CaptureTurn;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TestControl;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
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
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two sources, each on a node of its own. */
class ChangeCapturesITCase {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final CaptureTurn FIRST = CaptureTurn.ofSubmission(1);
  private static final String TRIGGERS =
      "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'reshard%truncate'";
  private static final String NOWHERE = "jdbc:postgresql://127.0.0.1:1/";

  private String first;
  private String second;
  private ControlDatabase control;
  private CaptureRegistry registry;

  @BeforeEach
  void createShards() throws SQLException {
    first = source();
    second = source();
    control = TestControl.create();
    registry = new CaptureRegistry(control, first);
  }

  private static String source() throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(database, "CREATE TABLE item (id bigint PRIMARY KEY)");
    return database;
  }

  @Test
  void aSourceThatIsDownKeepsNoSlotOnTheOthers() throws SQLException {
    make(FIRST);
    assertThat(slots(first)).isEqualTo(1);
    assertThat(slots(second)).isEqualTo(1);

    assertThatThrownBy(() -> captures(NOWHERE).drop(CaptureTurn.END))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE))
        .hasMessageContaining("the change capture on shard-0 cannot be dropped");
    assertThat(slots(second)).isZero();
    assertThat(registry.captures()).extracting(CaptureRecord::source).containsExactly("shard-0");

    captures().drop(CaptureTurn.END);
    assertNothingLeft();
  }

  /** A slot would not deliver what it has written, and nobody else reads it. */
  @ParameterizedTest
  @ValueSource(strings = {"COMMIT", "ROLLBACK"})
  void anOpenTransactionKeepsTheSlotFromBeingReady(String end) throws SQLException {
    try (Connection open = TestServer.connect(second);
        Statement statement = open.createStatement()) {
      statement.execute("SET application_name = 'report'");
      statement.execute("BEGIN");
      statement.execute("INSERT INTO item VALUES (1)");
      captures().begin(FIRST);
      assertThatThrownBy(() -> captures().make(FIRST, Duration.ofMillis(500)))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SLOT_CREATION_BLOCKED))
          .hasMessageContaining("(report, open since");
      // Recorded before they were made, so a rollback finds them.
      assertThat(registry.captures()).hasSize(2);
      statement.execute(end);
    }
    make(FIRST);
    assertThat(slots(first) + slots(second)).isEqualTo(2);
    captures().drop(CaptureTurn.END);
    assertNothingLeft();
  }

  @Test
  void aLaterSubmissionTakesOverFromOneThatWaits() throws Exception {
    CaptureTurn later = CaptureTurn.ofSubmission(2);
    try (Connection open = TestServer.connect(first);
        Statement statement = open.createStatement()) {
      statement.execute("BEGIN");
      statement.execute("INSERT INTO item VALUES (1)");
      CompletableFuture<Void> late = CompletableFuture.runAsync(() -> make(FIRST));
      awaitWaiting(first);
      captures().begin(later);
      CompletableFuture<Void> taking =
          CompletableFuture.runAsync(() -> captures().make(later, PATIENCE));
      assertSuperseded(late);
      statement.execute("COMMIT");
      taking.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    assertStands();
    captures().drop(CaptureTurn.END);
    assertNothingLeft();
  }

  /** It waits on the first source, and would make the slot of the second one afterwards. */
  @Test
  void aRemovalEndsWhoeverIsMakingSlots() throws Exception {
    try (Connection open = TestServer.connect(first);
        Statement statement = open.createStatement()) {
      statement.execute("BEGIN");
      statement.execute("INSERT INTO item VALUES (1)");
      CompletableFuture<Void> making = CompletableFuture.runAsync(() -> make(FIRST));
      awaitWaiting(first);
      captures().drop(CaptureTurn.END);
      assertSuperseded(making);
      statement.execute("COMMIT");
    }
    assertNothingLeft();
  }

  @Test
  void whoIsFrozenBeforeItsSessionMakesNothingBehindARemoval() throws SQLException {
    captures().begin(FIRST);
    captures().drop(CaptureTurn.END);
    assertThatThrownBy(() -> captures().make(FIRST, PATIENCE))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.EPOCH_SUPERSEDED));
    assertNothingLeft();
  }

  @Test
  void whoIsFrozenBehindItsLookMakesNothingBehindARemoval() throws Exception {
    captures().begin(FIRST);
    Frozen frozen = new Frozen(FIRST);
    CompletableFuture<Void> making =
        CompletableFuture.runAsync(() -> quietly(() -> frozen.capture().create(PATIENCE)));
    frozen.awaitReached();
    captures().drop(CaptureTurn.END);
    frozen.thaw();
    assertThatThrownBy(() -> making.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(SQLException.class);
    assertNothingLeft();
  }

  @Test
  void whoUndoesAnEarlierCutoverAndIsFrozenBehindItsLookDropsNothingOfALaterOne() throws Exception {
    CaptureTurn undoing = CaptureTurn.undoing(1);
    make(CaptureTurn.ofCutover(1));
    CaptureRecord capture = registry.beginRemoval(undoing).orElseThrow().get(1);
    Frozen frozen = new Frozen(undoing);
    CompletableFuture<Void> dropping =
        CompletableFuture.runAsync(
            () ->
                quietly(
                    () -> {
                      frozen.capture().drop(capture);
                      return null;
                    }));
    frozen.awaitReached();
    make(CaptureTurn.ofCutover(2));
    frozen.thaw();
    assertThatThrownBy(() -> dropping.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(SQLException.class);
    assertStands();
    assertThat(captures().drop(undoing)).as("and whoever comes later still").isEmpty();
    assertStands();
    captures().drop(CaptureTurn.END);
  }

  /** The slot is gone by then, and the lock of a reader keeps the trigger from going. */
  @Test
  void whoUndoesAnEarlierCutoverAndIsHeldInTheMiddleDropsNothingOfALaterOne() throws Exception {
    make(CaptureTurn.ofCutover(1));
    CompletableFuture<List<CaptureRecord>> dropping;
    try (Connection reader = TestServer.connect(first);
        Statement statement = reader.createStatement()) {
      statement.execute("BEGIN");
      statement.execute("SELECT count(*) FROM item");
      dropping = CompletableFuture.supplyAsync(() -> captures().drop(CaptureTurn.undoing(1)));
      awaitWaiting(first);
      assertThat(slots(first)).isZero();
      make(CaptureTurn.ofCutover(2));
      statement.execute("COMMIT");
    }
    assertThat(dropping.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEmpty();
    assertStands();
    captures().drop(CaptureTurn.END);
    assertNothingLeft();
  }

  /** The capture of the second source, which freezes when it has seen that it is its turn. */
  private final class Frozen {
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch thawed = new CountDownLatch(1);
    private final CaptureTurn turn;

    private Frozen(CaptureTurn turn) {
      this.turn = turn;
    }

    private ChangeCapture capture() {
      Plan plan = plan(TestServer.nodeUrl());
      Endpoint endpoint = plan.endpoint("shard-1", TestServer.secrets("node-0", "node-1"));
      return new ChangeCapture(plan, "shard-1", endpoint, this::lookAndFreeze);
    }

    private void lookAndFreeze() {
      registry.requireTurn(turn);
      reached.countDown();
      await(thawed);
    }

    private void awaitReached() {
      await(reached);
    }

    private void thaw() {
      thawed.countDown();
    }

    private static void await(CountDownLatch latch) {
      try {
        assertThat(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }

  private static void quietly(Callable<?> work) {
    try {
      work.call();
    } catch (Exception e) {
      throw new CompletionException(e);
    }
  }

  private static void assertSuperseded(CompletableFuture<?> work) {
    assertThatThrownBy(() -> work.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.EPOCH_SUPERSEDED));
  }

  private static void awaitWaiting(String database) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                count(
                        database,
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND application_name LIKE 'reshard % capture'"
                            + " AND wait_event_type = 'Lock'")
                    == 1);
  }

  private void assertStands() throws SQLException {
    for (String database : List.of(first, second)) {
      assertThat(slots(database)).isEqualTo(1);
      assertThat(count(database, "SELECT count(*) FROM pg_publication")).isEqualTo(1);
      assertThat(count(database, TRIGGERS)).isEqualTo(1);
      assertThat(count(database, "SELECT count(*) FROM reshard.heartbeat")).isEqualTo(1);
    }
    assertThat(registry.captures())
        .hasSize(2)
        .extracting(CaptureRecord::heartbeatNumber)
        .doesNotContainNull();
  }

  private void assertNothingLeft() throws SQLException {
    for (String database : List.of(first, second)) {
      assertThat(slots(database)).isZero();
      assertThat(count(database, "SELECT count(*) FROM pg_publication")).isZero();
      assertThat(count(database, TRIGGERS)).isZero();
    }
    assertThat(registry.captures()).isEmpty();
  }

  private void make(CaptureTurn turn) {
    assertThat(captures().begin(turn)).isTrue();
    captures().make(turn, PATIENCE);
  }

  private ChangeCaptures captures() {
    return captures(TestServer.nodeUrl());
  }

  private ChangeCaptures captures(String firstNode) {
    return new ChangeCaptures(plan(firstNode), TestServer.secrets("node-0", "node-1"), control);
  }

  private static int slots(String database) throws SQLException {
    return count(
        database, "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()");
  }

  private static int count(String database, String query) throws SQLException {
    try (Connection connection = TestServer.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getInt(1);
    }
  }

  private Plan plan(String firstNode) {
    return new Plan(
        Plan.FORMAT,
        first,
        topology(1, firstNode, shard(0, first, "-80"), shard(1, second, "80-")),
        topology(2, firstNode, shard(2, "none", "-")),
        List.of(),
        List.of(
            new PlannedTable(
                "public",
                "item",
                List.of(new Column("id", "bigint", false)),
                List.of("id"),
                "id",
                true,
                List.of(),
                new IndexDefinition("item_pkey", "none"),
                List.of(),
                List.of(),
                0,
                0)),
        List.of(
            new MigrationStep("shard-0", "shard-2", "-80", 0, 0),
            new MigrationStep("shard-1", "shard-2", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }

  private static Topology topology(long version, String firstNode, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(
            new Node("node-0", firstNode, "postgres", null, null),
            new Node("node-1", TestServer.nodeUrl(), "postgres", null, null)),
        List.of(shards),
        List.of(new TableRule("public.item", "id", false)));
  }

  private static Shard shard(int number, String database, String range) {
    return new Shard(
        "shard-" + number,
        "node-" + Math.min(number, 1),
        database,
        ShardStatus.ACTIVE,
        KeyRange.parse(range),
        null);
  }
}
