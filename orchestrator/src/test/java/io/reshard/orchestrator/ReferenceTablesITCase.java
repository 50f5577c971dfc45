package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A new shard gets the reference tables and keeps them current; the others are left alone. */
@Tag("cluster")
class ReferenceTablesITCase {
  private static final String COUNTRIES =
      "SELECT code || ' ' || name FROM country ORDER BY code COLLATE \"C\"";

  @TempDir private Path folder;

  @Test
  void newShardsGetReferenceTablesAndTheirChanges() throws Exception {
    try (EmbeddedMigration migration =
        EmbeddedMigration.withReferences(
            folder,
            1_000,
            List.of("public.country"),
            "CREATE TABLE country (code text PRIMARY KEY, name text NOT NULL)",
            "INSERT INTO country SELECT 'c' || i, 'country ' || i FROM generate_series(1, 500) i")) {
      migration.drive(Phase.COPYING);
      // The application writes to reference tables on every shard.
      for (String shard : List.of("shard-1", "shard-0")) {
        migration.run(
            shard,
            "UPDATE country SET name = 'other' WHERE code IN ('c1', 'c2')",
            "DELETE FROM country WHERE code = 'c3'",
            "INSERT INTO country VALUES ('new', 'new')",
            "UPDATE country SET code = 'renamed' WHERE code = 'c4'");
      }
      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      List<String> expected = migration.query("shard-0", COUNTRIES);
      assertThat(expected).hasSize(500).contains("c1 other", "new new", "renamed country 4");
      assertThat(migration.query("shard-1", COUNTRIES)).isEqualTo(expected);
      assertThat(migration.query("shard-2", COUNTRIES)).isEqualTo(expected);
    }
  }
}
