package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.reshard.core.TestServer;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Sql;
import io.reshard.core.shard.PendingShards;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the schema comes to new shards: from a dump, from the catalogs, or in two attempts. */
class NewShardSchemaITCase {
  private static final String[] SCHEMA = {
    "CREATE EXTENSION hstore",
    "CREATE SCHEMA \"The App\"",
    "CREATE TYPE \"The App\".mood AS ENUM ('good', 'it''s bad')",
    "CREATE FUNCTION \"The App\".touch() RETURNS trigger LANGUAGE plpgsql AS"
        + " $$\nBEGIN\n  NEW.note := 'touched; really';\n  RETURN NEW;\nEND\n$$",
    "CREATE TABLE \"The App\".\"Moved\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        + " customer bigint NOT NULL, mood \"The App\".mood, note text DEFAULT '; --', h hstore,"
        + " parent bigint CONSTRAINT \"Parent\" REFERENCES \"The App\".\"Moved\")",
    "COMMENT ON CONSTRAINT \"Parent\" ON \"The App\".\"Moved\" IS 'its parent''s; really?'",
    "COMMENT ON TABLE \"The App\".\"Moved\" IS 'that is what it is'",
    "CREATE INDEX by_note ON \"The App\".\"Moved\" (lower(note))",
    "COMMENT ON INDEX \"The App\".by_note IS 'for lists'",
    "CREATE TRIGGER touch BEFORE UPDATE ON \"The App\".\"Moved\" FOR EACH ROW"
        + " EXECUTE FUNCTION \"The App\".touch()",
    "CREATE TABLE \"The App\".\"Parts\" (id bigint, customer bigint, note text DEFAULT 'a',"
        + " PRIMARY KEY (id, customer)) PARTITION BY RANGE (id)",
    "CREATE TABLE \"The App\".\"ON ONLY\" PARTITION OF \"The App\".\"Parts\""
        + " FOR VALUES FROM (0) TO (10) PARTITION BY LIST (customer)",
    "CREATE TABLE \"The App\".one PARTITION OF \"The App\".\"ON ONLY\" (note DEFAULT 'b' NOT NULL,"
        + " CONSTRAINT own CHECK (id > 3)) FOR VALUES IN (1) WITH (fillfactor = 70)",
    "CREATE TABLE \"The App\".rest PARTITION OF \"The App\".\"Parts\" DEFAULT",
    "CREATE INDEX \"an ON ONLY index\" ON \"The App\".\"Parts\" (note)",
    "CREATE INDEX \"of one\" ON \"The App\".one (note, id)",
    "COMMENT ON TABLE \"The App\".one IS 'a leaf'",
    "CREATE TRIGGER touch BEFORE UPDATE ON \"The App\".one FOR EACH ROW"
        + " EXECUTE FUNCTION \"The App\".touch()",
    "CREATE TRIGGER all_touch BEFORE UPDATE ON \"The App\".\"Parts\" FOR EACH ROW"
        + " EXECUTE FUNCTION \"The App\".touch()",
  };

  /** All that the partitions are, in words. */
  private static final String PARTITIONS =
      """
      WITH part AS (SELECT relid FROM pg_partition_tree('"The App"."Parts"'))
      SELECT string_agg(fact, E'\n' ORDER BY fact) FROM (
        SELECT format('%s %s %s %s %s', oid::regclass, pg_get_partkeydef(oid),
          pg_get_expr(relpartbound, oid), reloptions, obj_description(oid)) AS fact
          FROM pg_class WHERE oid IN (SELECT relid FROM part)
        UNION ALL SELECT format('%s %s', pg_get_indexdef(indexrelid), indisvalid) FROM pg_index
          WHERE indrelid IN (SELECT relid FROM part)
        UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
          FROM pg_constraint WHERE conrelid IN (SELECT relid FROM part)
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger
          WHERE tgrelid IN (SELECT relid FROM part)
        UNION ALL SELECT format('%s %s %s %s', attrelid::regclass, attname, attnotnull,
            pg_get_expr(adbin, adrelid))
          FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
          WHERE attrelid IN (SELECT relid FROM part) AND attnum > 0) facts
      """;

  private String source;
  private String target;
  private String reader;

  @BeforeEach
  void createSchema() throws SQLException {
    source = TestServer.createDatabase();
    target = TestServer.freshName();
    reader = "reader_of_" + source;
    TestServer.run(source, SCHEMA);
    TestServer.run(
        source,
        "CREATE ROLE " + reader,
        "GRANT SELECT ON \"The App\".\"Moved\" TO " + reader,
        "REVOKE ALL ON FUNCTION \"The App\".touch() FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION \"The App\".touch() TO " + reader + " WITH GRANT OPTION",
        "REVOKE ALL ON TYPE \"The App\".mood FROM PUBLIC",
        "GRANT USAGE ON TYPE \"The App\".mood TO " + reader,
        "ALTER FUNCTION \"The App\".touch() OWNER TO pg_monitor");
  }

  @Test
  void aDumpBringsAllThatTheSchemasHold() throws SQLException {
    PgDump client = PgDump.find("pg_dump").orElse(null);
    assumeThat(client).as("pg_dump is installed").isNotNull();
    int server = Integer.parseInt(query(source, "SHOW server_version").replaceFirst("\\D.*", ""));
    assumeThat(client.version()).as("version of pg_dump").isGreaterThanOrEqualTo(server);
    TestServer.run(
        source,
        "CREATE TABLE other (id bigint PRIMARY KEY, at date)",
        "CREATE INDEX ON other (at)",
        "CREATE VIEW joined AS SELECT m.id, o.at FROM \"The App\".\"Moved\" m, other o");

    Plan plan = plan("pg_dump");
    assertThat(basis(plan)).startsWith("from pg_dump " + client.version());
    create(plan);
    for (String schemas : List.of("public", "The App")) {
      assertThat(wholeDump(client, target, schemas)).isEqualTo(wholeDump(client, source, schemas));
    }
  }

  @Test
  void theCatalogsBringAllThatMovedTablesNeed() throws SQLException {
    Plan plan = plan("/no/such/pg_dump");
    assertThat(basis(plan)).isEqualTo("from the catalogs: there is no /no/such/pg_dump");
    create(plan);
    for (String fact :
        List.of(
            PARTITIONS,
            "SELECT obj_description('\"The App\".by_note'::regclass)",
            "SELECT obj_description(oid) FROM pg_constraint WHERE conname = 'Parent'",
            "SELECT (proowner::regrole, proacl) FROM pg_proc WHERE proname = 'touch'",
            "SELECT (typowner::regrole, typacl) FROM pg_type WHERE typname = 'mood'")) {
      assertThat(query(target, fact)).as(fact).isNotNull().isEqualTo(query(source, fact));
    }
    // Planned the other way round, the new shard gives the same tables.
    source = target;
    target = TestServer.freshName();
    assertThat(plan("/no/such/pg_dump").tables()).isEqualTo(plan.tables());
  }

  @Test
  void anInterruptionLeavesNothingHalfMadeAndARepetitionGoesOn() throws SQLException {
    Plan plan = plan("/no/such/pg_dump");
    PendingShards shards = new PendingShards(plan, TestServer.secrets(TestTopology.NODE));
    TestServer.run(source, "DROP OWNED BY " + reader, "DROP ROLE " + reader);
    assertThatThrownBy(shards::create).hasMessageContaining(reader);
    String count = "SELECT count(*) FROM pg_class WHERE relname = 'Moved'";
    assertThat(query(target, count)).isEqualTo("0");
    assertThat(query(target, "SELECT count(*) FROM pg_type WHERE typname = 'mood'")).isEqualTo("0");

    TestServer.run(source, "CREATE ROLE " + reader);
    shards.create();
    shards.create();
    assertThat(query(target, count)).isEqualTo("1");
    assertThat(query(target, "SELECT operation_id FROM reshard.created_tables"))
        .isEqualTo(plan.planId());
  }

  private static void create(Plan plan) throws SQLException {
    new PendingShards(plan, TestServer.secrets(TestTopology.NODE)).create();
    String database = plan.target().shard("shard-1").database();
    for (PlannedTable table : plan.tables()) {
      TestServer.run(database, table.primaryKeyIndex().statement());
      for (IndexDefinition index : table.indexes()) {
        TestServer.run(database, index.statement());
      }
      for (IndexDefinition key : table.foreignKeys()) {
        TestServer.run(
            database,
            key.statement(),
            "ALTER TABLE %s VALIDATE CONSTRAINT %s"
                .formatted(table.quotedName(), Sql.identifier(key.name())));
      }
    }
  }

  private static String basis(Plan plan) {
    return plan.preflight().stream()
        .filter(finding -> finding.check().equals("schema_source"))
        .findFirst()
        .orElseThrow()
        .detail();
  }

  private static String wholeDump(PgDump client, String database, String schema)
      throws SQLException {
    Endpoint endpoint =
        new Endpoint(database, TestServer.nodeUrl() + database, "postgres", "postgres");
    return client.beforeRows(endpoint, List.of(schema))
        + client.afterRows(endpoint, List.of(schema), List.of());
  }

  private Plan plan(String dumpProgram) {
    String[] tables = {"The App.Moved:customer", "The App.Parts:customer"};
    return PreflightITCase.plan(
        TestTopology.hash(tables).shard("shard-0", source, "-").build(),
        TestTopology.hash(tables)
            .shard("shard-0", source, "-80")
            .shard("shard-1", target, "80-")
            .build(),
        PlannerOptions.defaults().withDumpProgram(dumpProgram));
  }

  private static String query(String database, String sql) throws SQLException {
    try (Connection connection = TestServer.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
