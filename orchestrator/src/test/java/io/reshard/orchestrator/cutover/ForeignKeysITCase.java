package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A shard that gets children before their parents, as a new target does while changes flow. */
class ForeignKeysITCase {
  private static final String CHILD =
      "INSERT INTO order_items (order_id, line, customer_id, sku, quantity) VALUES (%d, 1, 1, '', 1)";
  private static final String PARENT =
      "INSERT INTO orders (id, customer_id, status, version) VALUES (%d, 1, 'NEW', 1)";

  private static final String FAILURES =
      "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";

  private LiveSystem system;
  private Plan plan;
  private Connection operator;
  private Connection job;

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(2, 200, ServerOptions.fast());
    plan = system.plan(3);
    operator = plan.endpoint("shard-0", system.secrets()).connect("cutover");
    job = plan.endpoint("shard-0", system.secrets()).connect("job");
    execute(
        job,
        "ALTER TABLE order_items DROP CONSTRAINT order_items_order_id_fkey",
        "SET session_replication_role = replica");
  }

  @AfterEach
  void stop() throws SQLException {
    job.close();
    operator.close();
    system.close();
  }

  @Test
  void aKeyIsEnforcedWhenParentsArriveLateAndValidatedAfterwards() throws SQLException {
    execute(job, CHILD.formatted(-1), CHILD.formatted(-2));
    ForeignKeys keys = new ForeignKeys(plan, operator, Duration.ofSeconds(30));
    CompletableFuture<Integer> established = CompletableFuture.supplyAsync(() -> establish(keys));
    await()
        .until(
            () -> scalar("SELECT count(*) FROM pg_class WHERE relname = 'reshard_orphan'"),
            "1"::equals);
    execute(job, PARENT.formatted(-1), "DELETE FROM order_items WHERE order_id = -2");

    assertThat(established.join()).isEqualTo(1);
    assertThat(valid()).isEqualTo("f");
    assertThatThrownBy(() -> execute(operator, CHILD.formatted(-3)))
        .hasMessageContaining("order_items_order_id_fkey");
    assertThat(keys.validate()).isEqualTo(1);
    assertThat(valid()).isEqualTo("t");
    assertThat(keys.establish() + keys.validate()).isZero();
  }

  @Test
  void aParentThatNeverArrivesIsNamed() throws SQLException {
    execute(job, CHILD.formatted(-1));
    assertThatThrownBy(() -> new ForeignKeys(plan, operator, Duration.ofMillis(300)).establish())
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_FAILED))
        .hasMessageContaining("order_items_order_id_fkey of public.order_items")
        .hasMessageContaining("the row (order_id, line) = (-1,1) has no parent");
  }

  /** It is looked at in full when it is added, again and again. */
  @Test
  void aPartitionedTablesKeyWaitsForParents() throws SQLException {
    String key = "ALTER TABLE order_items %s CONSTRAINT order_items_order_id_fkey";
    execute(
        job,
        "DROP TABLE order_items",
        "CREATE TABLE order_items (order_id bigint, line integer, customer_id bigint NOT NULL,"
            + " sku text, quantity integer, PRIMARY KEY (order_id, line)) PARTITION BY LIST (line)",
        "CREATE TABLE any_item PARTITION OF order_items DEFAULT",
        key.formatted("ADD") + " FOREIGN KEY (order_id) REFERENCES orders");
    Plan partitioned = system.plan(3);
    execute(job, key.formatted("DROP"), CHILD.formatted(-1));
    String failures = scalar(FAILURES);
    ForeignKeys keys = new ForeignKeys(partitioned, operator, Duration.ofSeconds(30));
    CompletableFuture<Integer> established = CompletableFuture.supplyAsync(() -> establish(keys));
    await().until(() -> scalar(FAILURES), now -> !now.equals(failures));
    execute(job, PARENT.formatted(-1));
    assertThat(established.join()).isZero();
    assertThat(valid()).isEqualTo("t");

    execute(job, key.formatted("DROP"), CHILD.formatted(-2));
    assertThatThrownBy(() -> new ForeignKeys(partitioned, operator, Duration.ZERO).establish())
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_FAILED))
        .hasMessageContaining("(order_id)=(-2)");
  }

  private static int establish(ForeignKeys keys) {
    try {
      return keys.establish();
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
  }

  private String valid() throws SQLException {
    return scalar(
        "SELECT convalidated FROM pg_constraint WHERE conname = 'order_items_order_id_fkey'");
  }

  private String scalar(String sql) throws SQLException {
    try (Statement statement = job.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static void execute(Connection connection, String... commands) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String command : commands) {
        statement.execute(command);
      }
    }
  }
}
