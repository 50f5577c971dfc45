package io.reshard.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Node;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs that are submitted while another version of the topology is active than theirs. */
class JobPreparationITCase {
  /** Nobody answers there. */
  private static final Node NODE =
      new Node("node-1", "jdbc:postgresql://127.0.0.1:1/", "postgres", null, null);

  private static EmbeddedPostgresServer server;

  @BeforeAll
  static void start() {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** The plan leads from version 2 to version 3, its way back from 3 to 4. */
  @ParameterizedTest
  @CsvSource({
    "2, false, TARGET_UNAVAILABLE",
    "3, false, TOPOLOGY_CONFLICT",
    "4, false, TOPOLOGY_CONFLICT",
    "2, true, TOPOLOGY_CONFLICT",
    "3, true, SLOT_MISSING",
    "4, true, TOPOLOGY_CONFLICT",
  })
  void aJobStartsOnlyUnderItsOwnTopology(long active, boolean wayBack, ErrorCode code)
      throws Exception {
    String database = "control_" + active + wayBack;
    Secrets.Control login =
        new Secrets.Control(server.createDatabase(database), EmbeddedPostgresServer.USER, null);
    ControlDatabase control = new ControlDatabase(login.endpoint()).migrate();
    new TopologyStore(control).initialize(TestMigrations.topology(active, NODE, "-"));
    Plan forward = plan();
    Plan plan = wayBack ? forward.reversed() : forward;

    assertThatThrownBy(
            () -> new JobPreparation(plan, Secrets.of(List.of(plan.source()), login)).run())
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code));
    if (code == ErrorCode.TOPOLOGY_CONFLICT) {
      assertThat(new JobRegistry(control).nextGeneration(plan.planId()).generation())
          .as("the first generation, as none was taken")
          .isEqualTo(1);
    }
  }

  private static Plan plan() {
    return new Plan(
        Plan.FORMAT,
        "op",
        TestMigrations.topology(2, NODE, "-"),
        TestMigrations.topology(3, NODE, "-80", "80-"),
        List.of(),
        List.of(),
        List.of(new MigrationStep("shard-0", "shard-1", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }
}
