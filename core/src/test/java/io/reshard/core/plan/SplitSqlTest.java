package io.reshard.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SplitSqlTest {
  static PlannedTable table() {
    return new PlannedTable(
        "public",
        "notes",
        List.of(
            new Column("The Name", "character varying(20)", false),
            new Column("line", "integer", false),
            new Column("customer", "bigint", false),
            new Column("length", "integer", true)),
        List.of("The Name", "line"),
        "customer",
        true,
        List.of("CREATE TABLE …"),
        new IndexDefinition("notes_pkey", "ALTER TABLE …"),
        List.of(),
        List.of(),
        100,
        1_000);
  }

  private static String predicate(List<String> lower, List<String> upper) {
    return SplitSql.predicate(table(), new Split(0, 0, "shard-0", lower, upper, 1), "t");
  }

  @Test
  void isTrueForAnOpenSplit() {
    assertThat(predicate(null, null)).isEqualTo("true");
  }

  @Test
  void comparesThePrefixOfTheKey() {
    assertThat(predicate(List.of("o'hara"), null))
        .isEqualTo("(t.\"The Name\" >= 'o''hara'::character varying(20))");
  }

  @Test
  void comparesWholeKeysAsRows() {
    assertThat(predicate(List.of("a", "-5"), List.of("b", "7")))
        .isEqualTo(
            "((t.\"The Name\", t.\"line\") >= ('a'::character varying(20), '-5'::integer)"
                + " AND (t.\"The Name\", t.\"line\") < ('b'::character varying(20), '7'::integer))");
  }

  @Test
  void quotesBackslashes() {
    assertThat(predicate(null, List.of("a\\'"))).contains("E'a\\\\'''::character varying(20)");
  }

  @Test
  void copiesEveryColumnThatIsNotGenerated() {
    assertThat(table().copiedColumns()).containsExactly("The Name", "line", "customer");
    assertThat(table().primaryKeyTypes()).containsExactly("character varying(20)", "integer");
  }
}
