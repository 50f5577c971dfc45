package io.reshard.orchestrator.serve;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.postgres.Secrets;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/** An operation that is in the control database alone: nothing is moved. */
public final class StoredOperation {
  /** Its id. */
  public static final String ID = "op-1";

  private final Secrets.Control login;
  private final ControlDatabase control;

  private StoredOperation(Secrets.Control login) {
    this.login = login;
    this.control = new ControlDatabase(login.endpoint()).migrate();
  }

  /** A new control database with a topology and no operation. */
  public static StoredOperation none(EmbeddedPostgresServer server) throws SQLException {
    String name = "c_" + UUID.randomUUID().toString().substring(0, 8);
    StoredOperation stored =
        new StoredOperation(
            new Secrets.Control(server.createDatabase(name), EmbeddedPostgresServer.USER, null));
    new TopologyStore(stored.control)
        .initialize(SmallPlans.topology(1, 1, "jdbc:postgresql://127.0.0.1:1/"));
    return stored;
  }

  /** The login of the control database. */
  public Secrets.Control login() {
    return login;
  }

  /** The control database. */
  public ControlDatabase control() {
    return control;
  }

  /** The operation as it is stored. */
  public Operation operation() {
    return new PostgresOperationStore(control).get(ID);
  }

  /** Stores the operation in PLANNING. */
  public Operation create(Optional<Phase> holdAfter) {
    return NewOperation.create(
        control,
        SmallPlans.plan(ID, 1),
        ReshardingOptions.builder().build(),
        Throttle.NONE,
        holdAfter);
  }

  /** Stores that it copies, and that {@code rows} of its 100 rows have been copied. */
  public Operation copy(long rows) {
    OperationStore store = new PostgresOperationStore(control);
    Operation copying = store.enter(store.complete(operation()), Phase.COPYING);
    sql("INSERT INTO job_progress VALUES (?, 'copied', '0:shard-1', 0, 0, ?)", ID, rows);
    return copying;
  }

  /** Stores a replication frontier that is {@code millis} behind. */
  public void lag(long millis) {
    JobRegistry registry = new JobRegistry(control);
    int generation = registry.nextGeneration(ID).generation();
    registry.epoch(ID, generation, "execution");
    sql(
        "INSERT INTO job_progress VALUES (?, 'frontier', '0/1', ?, 1, ?)",
        ID,
        generation,
        System.currentTimeMillis() - millis);
  }

  /** Runs a statement on the control database. */
  public void sql(String statement, Object... values) {
    control.call("play", jdbi -> jdbi.withHandle(handle -> handle.execute(statement, values)));
  }
}
