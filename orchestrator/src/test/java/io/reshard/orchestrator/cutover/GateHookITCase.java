package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.hook.CutoverGate;
import io.reshard.orchestrator.hook.Executable;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.testkit.ServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator's executable that may refuse the switch. */
class GateHookITCase {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private LiveSystem system;
  private Plan plan;
  private final FencedCutover cutover = new FencedCutover(false);

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(1, 100, ServerOptions.fast());
    plan = system.plan(2);
    NewOperation.create(system.control(), plan, ReshardingOptions.builder().build());
    new PendingShards(plan, system.secrets()).create();
    for (PlannedTable table : plan.tables()) {
      run("shard-1", table.primaryKeyIndex().statement());
    }
    new ChangeCapture(plan, "shard-0", plan.endpoint("shard-0", system.secrets())).create(PATIENCE);
    PlayedJob.reportCopy(system, plan);
  }

  @AfterEach
  void stop() {
    system.close();
  }

  @Test
  void isToldOfTheOperationAndMayRefuse() throws Exception {
    String script = "echo \"$1 $2\" > '%1$s/arguments'; cat > '%1$s/status'; exit 3";
    assertThatThrownBy(() -> cutover.run(with(script.formatted(folder), PATIENCE)))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_ABORTED))
        .hasMessageContaining("exit code 3");
    assertThat(folder.resolve("arguments")).content().isEqualTo(plan.planId() + " CUTTING_OVER\n");
    assertThat(new ObjectMapper().readTree(folder.resolve("status").toFile()).path("id").asText())
        .isEqualTo(plan.planId());
    assertNothingHappened();
  }

  @Test
  void refusesByNotEnding() throws Exception {
    assertThatThrownBy(() -> cutover.run(with("exec sleep 600", Duration.ofSeconds(2))))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_ABORTED))
        .hasMessageContaining("did not end within");
    assertNothingHappened();
  }

  @Test
  void aJavaProgramMayRefuseToo() {
    CutoverGate friday = event -> Optional.of("it is Friday for " + event.operationId());
    assertThatThrownBy(() -> cutover.run(with(friday, PATIENCE)))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_ABORTED))
        .hasMessageContaining("it is Friday for " + plan.planId());
    assertNothingHappened();
  }

  /** The gate has looked at the verification by then, and looks at the lag again. */
  @Test
  void aJobThatStartsAgainBesideItIsVerifiedAgain() {
    CutoverGate restarts =
        event -> {
          PlayedJob.restart(system, plan);
          return Optional.empty();
        };
    assertThatThrownBy(() -> cutover.run(with(restarts, PATIENCE)))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.VERIFICATION_STALE))
        .hasMessageContaining("since the run played the job was started again");
    assertNothingHappened();
  }

  /** The frontier never passes the fence, so the window lasts for as long as it may. */
  @Test
  void takesItsTimeFromTheCutover() throws Exception {
    run(
        "shard-0",
        "UPDATE reshard.heartbeat SET value = (extract(epoch FROM now()) * 1000)::bigint +"
            + " 3600000");
    assertThatThrownBy(() -> cutover.run(with("sleep 1", Duration.ofSeconds(4))))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> {
              assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_TIMEOUT);
              Matcher millis = Pattern.compile("within (\\d+) ms").matcher(e.getMessage());
              assertThat(millis.find()).isTrue();
              assertThat(Long.parseLong(millis.group(1))).isBetween(1L, 3000L);
            });
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(1);
  }

  private void assertNothingHappened() {
    assertThat(cutover.status(with("true", PATIENCE))).isEmpty();
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(1);
  }

  private OperationContext with(String script, Duration timeout) {
    return with(new Executable(executable(script)), timeout);
  }

  private OperationContext with(CutoverGate gate, Duration timeout) {
    return new OperationContext(
        plan,
        system.secrets(),
        system.control(),
        ReshardingOptions.builder().cutoverTimeout(timeout).onCutoverStarting(gate).build(),
        Optional.empty(),
        Optional.empty());
  }

  private Path executable(String script) {
    try {
      Path file = Files.writeString(folder.resolve("gate"), "#!/bin/sh\n" + script + "\n");
      return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void run(String shard, String sql) throws SQLException {
    try (Connection connection = plan.endpoint(shard, system.secrets()).connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
