package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.Test;

/** What the role needs, and that its password stays a secret. */
class PrivilegesITCase {

  private static final String PASSWORD = "p4ssw0rd of the capture role";

  @Test
  void needsNothingButTheReplicationAttributeAndNeverLogsThePassword() throws Exception {
    try (TestShard shard = TestShard.create();
        LogOfEverything log = new LogOfEverything()) {
      shard.sql(
          "CREATE ROLE capture LOGIN REPLICATION PASSWORD '" + PASSWORD + "'",
          "CREATE TABLE t (id bigint PRIMARY KEY)",
          "REVOKE ALL ON SCHEMA public, reshard FROM PUBLIC");
      requirePassword(shard, "capture");
      shard.publish("t (id)");
      ChangeSourceSettings settings = shard.settings("capture", PASSWORD);
      try (TestJob job = TestJob.of(ChangeSource.of(settings)).start()) {
        shard.sql("INSERT INTO t VALUES (1)");
        job.awaitEvents(1);
        shard.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots");
        shard.sql("INSERT INTO t VALUES (2)");
        await().atMost(Duration.ofSeconds(30)).until(() -> job.keys().contains("2"));
      }
      assertThat(log.lines)
          .anyMatch(line -> line.contains("received the stream split"))
          .noneMatch(line -> line.contains(PASSWORD));
    }
  }

  /** Puts a rule for this role before all others, which let everyone in. */
  private static void requirePassword(TestShard shard, String role)
      throws IOException, SQLException {
    Path rules = Path.of(shard.query("SHOW hba_file").get(0));
    String rule = "host all %s all scram-sha-256%n".formatted(role);
    Files.writeString(rules, rule + Files.readString(rules));
    shard.query("SELECT pg_reload_conf()");
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                shard
                    .query(
                        "SELECT user_name[1] FROM pg_hba_file_rules ORDER BY rule_number LIMIT 1")
                    .equals(List.of(role)));
  }

  /** All that is logged, at every level that an operator can reasonably set. */
  private static final class LogOfEverything extends AbstractAppender implements AutoCloseable {

    final Queue<String> lines = new ConcurrentLinkedQueue<>();

    LogOfEverything() {
      super("everything", null, null, true, Property.EMPTY_ARRAY);
      start();
      LoggerContext context = (LoggerContext) LogManager.getContext(false);
      context.getConfiguration().getRootLogger().addAppender(this, Level.DEBUG, null);
      Configurator.setLevel("org.apache.flink.cdc", Level.DEBUG);
      Configurator.setLevel("io.debezium", Level.DEBUG);
      Configurator.setLevel("io.reshard", Level.DEBUG);
    }

    @Override
    public void append(LogEvent event) {
      lines.add(event.getLoggerName() + " " + event.getMessage().getFormattedMessage());
    }

    @Override
    public void close() {
      Configurator.setLevel("org.apache.flink.cdc", Level.WARN);
      Configurator.setLevel("io.debezium", Level.WARN);
      Configurator.setLevel("io.reshard", Level.WARN);
      LoggerContext context = (LoggerContext) LogManager.getContext(false);
      context.getConfiguration().getRootLogger().removeAppender(getName());
      stop();
    }
  }
}
