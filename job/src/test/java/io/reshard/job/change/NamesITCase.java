package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Names that need quoting in SQL, or that a pattern would take for those of others. */
class NamesITCase {

  private static final List<String> NAMES =
      List.of(
          "UPPER",
          "Mixed Case",
          "dots.in.name",
          "a+b*c[d](e){f}^g$h|i?",
          "comma,name",
          "back\\slash",
          "under_score",
          "single'quote",
          "tick`tock",
          "größe",
          "名前",
          "select",
          "1digit",
          "semi;colon:x",
          "[bracket]",
          " blanks ",
          "say \"hi\"",
          "\"quoted\"",
          "'single'",
          "`ticks`",
          "per%cent");

  @Test
  void capturesSchemasTablesAndColumnsOfAnyName() {
    try (TestShard shard = TestShard.create()) {
      List<CapturedTable> tables = new ArrayList<>();
      List<String> published = new ArrayList<>();
      for (String name : NAMES) {
        shard.sql("CREATE SCHEMA " + quoted(name));
        String table = quoted(name) + "." + quoted(name);
        shard.sql(
            "CREATE TABLE %s (filler int, %s bigint PRIMARY KEY)".formatted(table, quoted(name)));
        published.add(table + " (" + quoted(name) + ")");
        tables.add(TestShard.table(tables.size(), name, name, name, "bigint"));
      }
      shard.publish(published.toArray(String[]::new));
      for (CapturedTable table : tables) {
        String target = quoted(table.schema()) + "." + quoted(table.table());
        String column = quoted(table.keyColumns().get(0).name());
        shard.sql(
            "INSERT INTO %s VALUES (1, 1), (1, 2)".formatted(target),
            "UPDATE %s SET %2$s = 3 WHERE %2$s = 2".formatted(target, column),
            "DELETE FROM " + target);
      }
      try (TestJob job = TestJob.start(shard, tables)) {
        for (CapturedTable table : tables) {
          await()
              .untilAsserted(
                  () ->
                      assertThat(job.keys(table.ordinal()))
                          .as(table.toString())
                          .containsOnly("1", "2", "3"));
        }
      }
    }
  }

  @Test
  void ignoresTablesThatAreNotCaptured() {
    try (TestShard shard = TestShard.create()) {
      shard.sql(
          "CREATE TABLE t_ (id bigint PRIMARY KEY)",
          "CREATE TABLE \"T_\" (id bigint PRIMARY KEY)",
          "CREATE TABLE tt (id bigint PRIMARY KEY)",
          "CREATE SCHEMA other CREATE TABLE t_ (id bigint PRIMARY KEY)");
      shard.publish("t_ (id)", "\"T_\" (id)", "tt (id)", "other.t_ (id)");
      shard.sql(
          "INSERT INTO \"T_\" VALUES (1)",
          "INSERT INTO tt VALUES (2)",
          "INSERT INTO other.t_ VALUES (3)",
          "TRUNCATE \"T_\", tt, other.t_",
          "INSERT INTO t_ VALUES (4)");
      try (TestJob job =
          TestJob.start(shard, List.of(TestShard.table(0, "public", "t_", "id", "bigint")))) {
        job.awaitEvents(1);
        assertThat(job.keys()).containsExactly("4");
      }
    }
  }

  private static String quoted(String name) {
    return "\"" + name.replace("\"", "\"\"") + "\"";
  }
}
