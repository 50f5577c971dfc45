package io.reshard.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureTurn;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.Epoch;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.ChangeCaptures;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.core.topology.Node;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Race 17 of docs/architecture.md: two jobs of one operation that begin at the same time. */
class TwoSubmissionsITCase {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private EmbeddedPostgresServer server;
  private ControlDatabase control;
  private Plan plan;
  private Secrets secrets;

  @BeforeEach
  void start() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    server.createDatabase("app_0");
    run("app_0", "CREATE TABLE item (id bigint PRIMARY KEY)", "INSERT INTO item VALUES (1), (2)");
    Secrets.Control login =
        new Secrets.Control(server.createDatabase("control"), EmbeddedPostgresServer.USER, null);
    Node node = new Node("node-1", server.url(""), EmbeddedPostgresServer.USER, null, null);
    plan = plan(node);
    secrets = Secrets.of(List.of(plan.source()), login);
    control = new ControlDatabase(login.endpoint()).migrate();
    new TopologyStore(control).initialize(plan.source());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theLateOneStartsFromTheSlotsOfTheOther() throws SQLException {
    JobRegistry.Submission early = nextGeneration();
    JobRegistry.Submission late = nextGeneration();
    assertThat(List.of(early.prepared(), late.prepared())).containsOnly(false);

    JobPreparation.Prepared first = preparation().prepare(early);
    copy(early);
    run("app_0", "DELETE FROM item WHERE id = 2");

    JobPreparation.Prepared second = preparation().prepare(late);
    assertThat(second.captures()).isEqualTo(first.captures());
    assertThat(changes(second)).as("changes of the row that is copied").isPositive();
  }

  @Test
  void whoeverIsOvertakenStartsNothing() throws Exception {
    JobRegistry.Submission early = nextGeneration();
    JobRegistry.Submission late = nextGeneration();
    try (Connection open = server.connection("app_0");
        Statement statement = open.createStatement()) {
      statement.execute("BEGIN");
      statement.execute("INSERT INTO item VALUES (3)");
      CompletableFuture<?> overtaken =
          CompletableFuture.supplyAsync(() -> preparation().prepare(early));
      awaitWaiting();
      CompletableFuture<JobPreparation.Prepared> overtaking =
          CompletableFuture.supplyAsync(() -> preparation().prepare(late));
      assertThatThrownBy(() -> overtaken.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.EPOCH_SUPERSEDED));
      statement.execute("COMMIT");
      JobPreparation.Prepared prepared = overtaking.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(prepared.captures())
          .extracting(CaptureRecord::heartbeatNumber)
          .doesNotContainNull();
    }
    assertThat(nextGeneration().prepared()).isTrue();
    assertThat(number("app_0", "SELECT count(*) FROM pg_replication_slots")).isEqualTo(1);
  }

  /** However it came to that: nothing has recorded what changed while they were read. */
  @Test
  void copiesWithoutSlotsAreRefused() throws SQLException {
    JobRegistry.Submission submission = nextGeneration();
    preparation().prepare(submission);
    copy(submission);
    run("control", "UPDATE reshard.job SET prepared = false");
    assertFails(nextGeneration(), ErrorCode.COPY_FAILED, "target shard-1 has 1 splits");
  }

  @Test
  void aRollbackEndsWhatIsAboutToBegin() throws SQLException {
    JobRegistry.Submission submission = nextGeneration();
    new ChangeCaptures(plan, secrets, control).drop(CaptureTurn.END);
    assertFails(submission, ErrorCode.EPOCH_SUPERSEDED, "taken over");
    assertThatThrownBy(() -> preparation().run()).hasMessageContaining("does not start any more");
    assertThat(number("app_0", "SELECT count(*) FROM pg_replication_slots")).isZero();
    assertThat(number("app_0", "SELECT count(*) FROM pg_database WHERE datname = 'app_1'"))
        .isZero();
  }

  private void assertFails(JobRegistry.Submission submission, ErrorCode code, String message) {
    assertThatThrownBy(() -> preparation().prepare(submission))
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private JobRegistry.Submission nextGeneration() {
    return new JobRegistry(control).nextGeneration(plan.planId());
  }

  private JobPreparation preparation() {
    return new JobPreparation(plan, secrets);
  }

  /** What the job does with a split: rows and record in one transaction under its epoch. */
  private void copy(JobRegistry.Submission submission) throws SQLException {
    Epoch epoch = new Epoch(submission.generation(), 1);
    try (Connection target = server.connection("app_1");
        Statement statement = target.createStatement()) {
      TargetEpoch.claim(target, plan.planId(), epoch, "shard-1");
      statement.execute("INSERT INTO item VALUES (1), (2)");
      statement.execute("INSERT INTO reshard.copy_progress VALUES ('op', 0, 2)");
    }
  }

  private int changes(JobPreparation.Prepared prepared) throws SQLException {
    CaptureRecord capture = prepared.captures().get(0);
    return number(
        "app_0",
        "SELECT count(*) FROM pg_logical_slot_peek_binary_changes('%s', NULL, NULL, 'proto_version', '1', 'publication_names', '%s') WHERE get_byte(data, 0) = ascii('D')"
            .formatted(capture.slot(), capture.publication()));
  }

  private void awaitWaiting() {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                number(
                        "app_0",
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                            + " AND application_name = 'reshard op capture'")
                    == 1);
  }

  private int number(String database, String query) throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getInt(1);
    }
  }

  private void run(String database, String... statements) throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static Plan plan(Node node) {
    return new Plan(
        Plan.FORMAT,
        "op",
        TestMigrations.topology(1, node, "-"),
        TestMigrations.topology(2, node, "-80", "80-"),
        List.of(),
        List.of(
            new PlannedTable(
                "public",
                "item",
                List.of(new Column("id", "bigint", false)),
                List.of("id"),
                "id",
                true,
                List.of("CREATE TABLE public.item (id bigint)"),
                new IndexDefinition(
                    "item_pkey",
                    "ALTER TABLE public.item ADD CONSTRAINT item_pkey PRIMARY KEY (id)"),
                List.of(),
                List.of(),
                0,
                0)),
        List.of(new MigrationStep("shard-0", "shard-1", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }
}
