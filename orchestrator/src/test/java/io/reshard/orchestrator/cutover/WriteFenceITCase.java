package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.Epoch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.DisabledTriggers;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Fence and guard of a source that keeps keys, beside an application that does as it pleases. */
class WriteFenceITCase {
  private static final String SOURCE = "shard-0";
  private static final Duration GRACE = Duration.ofMillis(200);

  /** Far above what each step takes, far below what the readers and writers of a test hold on. */
  private static final Duration PROMPT = Duration.ofSeconds(10);

  private LiveSystem system;
  private Plan plan;
  private ShardSessions sessions;
  private WriteFence fence;
  private Connection application;
  private Statement statement;

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(2, 200, ServerOptions.fast().maxPreparedTransactions(2));
    plan = system.plan(3);
    sessions = new ShardSessions(plan, system.secrets()).open(List.of(SOURCE));
    new ChangeCapture(plan, SOURCE, sessions.endpoint(SOURCE)).create(Duration.ofSeconds(30));
    fence = new WriteFence(plan, 1, sessions, GRACE);
    application = sessions.endpoint(SOURCE).connect("application");
    statement = application.createStatement();
    statement.execute("SET statement_timeout = '3s'");
  }

  @AfterEach
  void stop() throws SQLException {
    application.close();
    sessions.close();
    system.close();
  }

  @Test
  void whoeverReadsHoldsNeitherUsNorOtherReadersUp() throws SQLException {
    try (Connection report = openReport()) {
      on(fence::raise);
      assertThatThrownBy(() -> statement.execute("UPDATE customer SET name = name"))
          .hasMessageContaining("are refused");
      on(fence::drop);
      assertThatCode(() -> statement.execute("UPDATE customer SET name = name"))
          .doesNotThrowAnyException();

      WriteFence second = new WriteFence(plan, 2, sessions, GRACE);
      on(second::raise);
      on(second::replaceByGuard);
      statement.execute("SELECT count(*) FROM customer");
      assertThat(report.isValid(1)).isTrue();
    }
    assertGuarded();
    assertThat(Barriers.find(plan, application).fences()).isEmpty();

    DisabledTriggers.drop(application, customer(), PROMPT);
    assertThat(triggers()).doesNotContain("D").contains("A");
  }

  @Test
  void whoCannotBeEndedDoesNotMakeWritersWaitForGood() throws SQLException {
    try (Connection other = sessions.endpoint(SOURCE).connect("application");
        Statement prepare = other.createStatement()) {
      other.setAutoCommit(false);
      prepare.execute("UPDATE customer SET name = name");
      prepare.execute("PREPARE TRANSACTION 'left-behind'");
      other.setAutoCommit(true);
      try {
        assertThatThrownBy(() -> on(fence::raise))
            .isInstanceOfSatisfying(
                ReshardingException.class,
                e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_FAILED))
            .hasMessageContaining("could not be ended");
        assertThatCode(() -> statement.execute("INSERT INTO customer VALUES (-1, 'new')"))
            .doesNotThrowAnyException();
      } finally {
        prepare.execute("ROLLBACK PREPARED 'left-behind'");
      }
    }
  }

  @Test
  void theGuardSeesTheKeyThatTheApplicationsTriggersSet() throws SQLException {
    on(fence::raise);
    on(fence::replaceByGuard);
    statement.execute(
        "CREATE FUNCTION set_key() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN NEW.customer_id := NEW.balance; RETURN NEW; END'");
    statement.execute(
        "CREATE TRIGGER set_key BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION set_key()");

    statement.execute("INSERT INTO customer VALUES (NULL, 'kept', NULL, " + key(false) + ")");
    assertThatThrownBy(
            () ->
                statement.execute(
                    "INSERT INTO customer VALUES ("
                        + key(false)
                        + ", 'moved', NULL, "
                        + key(true)
                        + ")"))
        .hasMessageContaining("are refused");
  }

  @Test
  void theGuardWorksForRolesThatMayCallNothingAndForTheRoleReplica() throws SQLException {
    statement.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC");
    statement.execute("DROP SCHEMA reshard CASCADE");
    ShardSchema.ensure(application);
    new ChangeCapture(plan, SOURCE, sessions.endpoint(SOURCE)).create(Duration.ofSeconds(30));
    on(fence::raise);
    on(fence::replaceByGuard);
    statement.execute("CREATE ROLE clerk");
    statement.execute("GRANT SELECT, UPDATE, TRUNCATE ON customer TO clerk");
    assertThat(callable("clerk")).isTrue();
    statement.execute("SET session_replication_role = replica");
    statement.execute("SET ROLE clerk");

    assertGuarded();
  }

  @Test
  void anEarlierAttemptThatIsUndoneLateLeavesTheRevocationOfALaterOne() throws SQLException {
    String id = plan.planId();
    Epoch epoch = new Epoch(1, 0);
    TargetEpoch.claim(application, id, epoch, SOURCE);
    TargetEpoch.revoke(application, id, 2);

    TargetEpoch.reinstate(application, id, 1);
    assertThatThrownBy(() -> TargetEpoch.hold(application, id, epoch, SOURCE))
        .isInstanceOf(ReshardingException.class);
    // One that slept before it revoked takes nothing from the later one either.
    TargetEpoch.revoke(application, id, 1);
    TargetEpoch.reinstate(application, id, 1);
    assertThatThrownBy(() -> TargetEpoch.claim(application, id, epoch, SOURCE))
        .isInstanceOf(ReshardingException.class);

    TargetEpoch.reinstate(application, id, 2);
    TargetEpoch.hold(application, id, epoch, SOURCE);
    TargetEpoch.revoke(application, id);
    TargetEpoch.reinstate(application, id, 2);
    assertThatThrownBy(() -> TargetEpoch.claim(application, id, epoch, SOURCE))
        .isInstanceOf(ReshardingException.class);
  }

  /** A transaction that has read and stays open. */
  private Connection openReport() throws SQLException {
    Connection report = sessions.endpoint(SOURCE).connect("report");
    report.setAutoCommit(false);
    try (Statement read = report.createStatement()) {
      read.execute("SELECT count(*) FROM customer");
    }
    return report;
  }

  private void assertGuarded() throws SQLException {
    PlannedTable customer = customer();
    String stray = customer.quotedName() + " AS t WHERE " + strayOn("t");
    statement.execute("UPDATE customer AS t SET name = name WHERE NOT (" + strayOn("t") + ")");
    assertThat(statement.getUpdateCount()).isPositive();
    assertThatThrownBy(
            () -> statement.execute("UPDATE " + stray.replace(" WHERE", " SET name = name WHERE")))
        .hasMessageContaining("are refused");
    assertThatThrownBy(() -> statement.execute("TRUNCATE customer CASCADE"))
        .hasMessageContaining("TRUNCATE");
  }

  @Test
  void aLateClientIsToldOfTheMoveBeforeItsForeignKeysAreChecked() throws SQLException {
    on(fence::raise);
    on(fence::replaceByGuard);
    String item =
        "INSERT INTO order_items (order_id, line, customer_id, sku, quantity) VALUES (-1, 1, %s, 'a', 1)";
    assertThatThrownBy(() -> statement.execute(item.formatted(key(true))))
        .hasMessageContaining("are refused");
    assertThatThrownBy(() -> statement.execute(item.formatted(key(false))))
        .hasMessageContaining("foreign key");
  }

  private String key(boolean moved) throws SQLException {
    try (Statement query = application.createStatement();
        ResultSet row =
            query.executeQuery(
                "SELECT max(customer_id) FROM (SELECT -g AS customer_id FROM"
                    + " generate_series(1000::bigint, 2000) g) t WHERE ("
                    + strayOn("t")
                    + ") = "
                    + moved)) {
      row.next();
      return row.getString(1);
    }
  }

  private String strayOn(String alias) {
    return plan.newRouting(customer(), alias).strayOn(SOURCE);
  }

  private PlannedTable customer() {
    return plan.tables().stream()
        .filter(table -> table.name().equals("customer"))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Whether the role may call all functions that a guard can ask; which ones is up to the routing.
   */
  private boolean callable(String role) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT bool_and(has_function_privilege('"
                + role
                + "', oid, 'EXECUTE')) FROM pg_proc"
                + " WHERE pronamespace = 'reshard'::regnamespace"
                + " AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  /** How the triggers of fence and guard fire, see pg_trigger.tgenabled. */
  private List<String> triggers() throws SQLException {
    List<String> modes = new ArrayList<>();
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'customer'::regclass"
                + " AND tgname ~* '^reshard_(fence|guard)_'")) {
      while (rows.next()) {
        modes.add(rows.getString(1));
      }
    }
    return modes;
  }

  private <T> T on(ShardSessions.Query<T> work) {
    return sessions
        .each(
            List.of(SOURCE),
            "fence",
            new Deadline(PROMPT),
            (source, connection) -> {
              WriteFence.prepare(source, connection);
              return work.on(source, connection);
            })
        .get(SOURCE);
  }
}
