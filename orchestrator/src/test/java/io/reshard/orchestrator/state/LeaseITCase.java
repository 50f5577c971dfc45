package io.reshard.orchestrator.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Race 16 of docs/architecture.md: a driver whose process stands still, and thaws. */
class LeaseITCase {
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String ID = "op-1";

  private EmbeddedPostgresServer server;
  private ControlDatabase control;
  private Process driver;
  private BufferedReader answers;
  private Writer questions;

  @BeforeEach
  void start() throws Exception {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    String url = server.createDatabase("control");
    control = new ControlDatabase(new Endpoint("control", url, "postgres", null)).migrate();
    new TopologyStore(control).initialize(SmallPlans.topology(1, 1, "jdbc:postgresql://h/"));
    new PostgresOperationStore(control).create(SmallPlans.plan(ID, 1), Map.of());
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    words.addAll(List.of("-cp", System.getProperty("java.class.path")));
    words.addAll(List.of(LeaseHolder.class.getName(), url, ID, Long.toString(LEASE.toMillis())));
    driver = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    answers = driver.inputReader(StandardCharsets.UTF_8);
    questions = driver.outputWriter(StandardCharsets.UTF_8);
    assertThat(answers.readLine()).isEqualTo(LeaseHolder.HELD);
  }

  @AfterEach
  void stop() {
    driver.destroyForcibly();
    server.close();
  }

  @Test
  void aDriverThatStandsStillLosesTheRightAndKnowsItWhenItThaws() throws Exception {
    Awaitility.await()
        .during(LEASE.multipliedBy(2))
        .atMost(PATIENCE)
        .untilAsserted(this::assertRefused);
    assertThat(ask()).isEqualTo(LeaseHolder.HELD);

    signal("-STOP");
    Awaitility.await().atMost(PATIENCE).until(() -> DriverLock.holder(control, ID).isEmpty());
    DriverLock.acquire(control.endpoint(), ID, false).close();
    signal("-CONT");
    assertThat(ask()).isEqualTo(ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED.code());
    assertThat(DriverLock.holder(control, ID)).isEmpty();
  }

  @Test
  void aDriverThatThawsGoesOnIfNobodyHasTakenOver() throws Exception {
    signal("-STOP");
    Awaitility.await().atMost(PATIENCE).until(() -> DriverLock.holder(control, ID).isEmpty());
    signal("-CONT");
    assertThat(ask()).isEqualTo(LeaseHolder.HELD);
    assertRefused();
  }

  private void assertRefused() {
    assertThatThrownBy(() -> DriverLock.acquire(control.endpoint(), ID, false))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED))
        .hasMessageContaining("pid " + driver.pid());
  }

  private String ask() throws IOException {
    questions.write("?\n");
    questions.flush();
    return answers.readLine();
  }

  private void signal(String name) throws Exception {
    Process kill = new ProcessBuilder("kill", name, Long.toString(driver.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }
}
