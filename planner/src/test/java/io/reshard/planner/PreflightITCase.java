package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreflightITCase {
  private static final String TABLE =
      "CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text)";

  private String first;
  private String second;

  @BeforeEach
  void createDatabases() throws SQLException {
    first = TestServer.createDatabase();
    second = TestServer.createDatabase();
  }

  @Test
  void findsNothingWrongWithOrdinaryTables() throws SQLException {
    TestServer.run(first, TABLE, "INSERT INTO t SELECT i, i, 'x' FROM generate_series(1, 100) i");
    Plan plan = grow();
    assertThat(plan.preflight()).allMatch(PreflightFinding::ok).allMatch(f -> f.remedy() == null);
    assertThat(plan.preflight())
        .extracting(PreflightFinding::check)
        .contains("server_version", "wal_level", "strays", "primary_key", "replication_slots");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      textBlock =
          """
          CREATE TABLE t (id bigint, customer bigint NOT NULL) # primary_key # public.t has no primary key
          CREATE TABLE t (id money PRIMARY KEY, customer bigint NOT NULL) # primary_key # public.t.id has the type money
          CREATE TABLE t (id bigint PRIMARY KEY DEFERRABLE, customer bigint NOT NULL) # primary_key # deferrable
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint) # shard_key # public.t.customer may be null
          CREATE TABLE t (id bigint PRIMARY KEY, customer money NOT NULL) # shard_key # has the type money
          CREATE TABLE t (id bigint PRIMARY KEY, note text) # shard_key # is not a column
          CREATE UNLOGGED TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL) # table_kind # unlogged
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE UNLOGGED TABLE leaf PARTITION OF t DEFAULT # partitions # public.leaf, a partition of public.t, is unlogged
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE SCHEMA s; CREATE TABLE s.leaf PARTITION OF t DEFAULT # partitions # s.leaf, a partition of public.t, is in another schema
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF t DEFAULT; ALTER TABLE leaf REPLICA IDENTITY FULL # partitions # another replica identity
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF t DEFAULT; CREATE UNIQUE INDEX own ON leaf (note) # partitions # has the unique index own
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF t DEFAULT; CREATE TABLE other (leaf bigint, CONSTRAINT c FOREIGN KEY (leaf) REFERENCES leaf) # partitions # is referenced by the foreign key c
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF t DEFAULT; ALTER TABLE leaf ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES leaf # partitions # has the constraint c
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF t DEFAULT; CREATE RULE r AS ON DELETE TO leaf DO ALSO NOTHING # partitions # has the rule r
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF t DEFAULT; CREATE SEQUENCE own; ALTER TABLE leaf ALTER id SET DEFAULT nextval('own') # partitions # counts by the sequence public.own
          CREATE TABLE root (id bigint, customer bigint NOT NULL, PRIMARY KEY (id)) PARTITION BY HASH (id); CREATE TABLE middle PARTITION OF root FOR VALUES WITH (MODULUS 1, REMAINDER 0) PARTITION BY HASH (id); CREATE TABLE t PARTITION OF middle FOR VALUES WITH (MODULUS 1, REMAINDER 0) # table_kind # public.t is a partition of public.root
          CREATE VIEW t AS SELECT 1::bigint AS id, 2::bigint AS customer # table_kind # not an ordinary table
          CREATE TABLE other (id bigint PRIMARY KEY); CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES other) # foreign_keys # references public.other
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL); CREATE TABLE other (id bigint REFERENCES t) # foreign_keys # is referenced by public.other
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES t NOT VALID # foreign_keys # has not been validated
          CREATE TABLE parent (id bigint); CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL) INHERITS (parent) # table_kind # has parents or children
          CREATE TABLE other (a int); CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, whole other) # definition # the row type of the table
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL); ALTER TABLE t REPLICA IDENTITY NOTHING # replica_identity # NOTHING
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL UNIQUE); ALTER TABLE t REPLICA IDENTITY USING INDEX t_customer_key # replica_identity # USING INDEX
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL); CREATE RULE r AS ON DELETE TO t DO ALSO NOTHING # triggers # the rule r
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, span int4range, EXCLUDE USING gist (span WITH &&)) # exclusion_constraints # public.t has the exclusion constraint t_span_excl
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL); ALTER TABLE t ENABLE ROW LEVEL SECURITY # definition # row security
          CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL); BEGIN; INSERT INTO t VALUES (1, 2); PREPARE TRANSACTION 'lost' # prepared_transactions # lost
          """)
  void refuses(String statements, String check, String detail) throws SQLException {
    TestServer.run(first, statements.split("; "));
    try {
      PreflightFinding finding = failed(grow(), check, "shard-0");
      assertThat(finding.detail()).contains(detail);
      assertThat(finding.remedy()).isNotBlank();
    } finally {
      if (statements.contains("PREPARE")) {
        TestServer.run(first, "ROLLBACK PREPARED 'lost'");
      }
    }
  }

  @Test
  void refusesTriggersThatFireWhileRowsArrive() throws SQLException {
    TestServer.run(
        first,
        TABLE,
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER loud AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()");
    assertThat(grow().preflight()).allMatch(PreflightFinding::ok);
    TestServer.run(first, "ALTER TABLE t ENABLE ALWAYS TRIGGER loud");
    assertThat(failed(grow(), "triggers", "shard-0").detail()).contains("loud");
    // A shard that was given up is still fenced when it gets keys again.
    TestServer.run(
        first,
        "DROP TRIGGER loud ON t",
        "CREATE SCHEMA reshard",
        "ALTER FUNCTION f() SET SCHEMA reshard",
        "CREATE TRIGGER reshard_fence_2 BEFORE INSERT ON t EXECUTE FUNCTION reshard.f()",
        "ALTER TABLE t ENABLE ALWAYS TRIGGER reshard_fence_2");
    assertThat(grow().preflight()).allMatch(PreflightFinding::ok);
  }

  @Test
  void refusesStraysAndRowsThatWouldBeTakenForCopies() throws SQLException {
    TestServer.run(first, TABLE, "INSERT INTO t SELECT i, i, 'x' FROM generate_series(1, 50) i");
    TestServer.run(second, TABLE, "INSERT INTO t SELECT i, i, 'x' FROM generate_series(1, 50) i");
    Plan plan =
        plan(
            TestTopology.hash("t:customer")
                .shard("shard-0", first, "-80")
                .shard("shard-1", second, "80-")
                .build(),
            TestTopology.hash("t:customer")
                .shard("shard-0", first, "-40")
                .shard("shard-1", second, "40-")
                .build(),
            PlannerOptions.defaults());
    assertThat(failed(plan, "strays", "shard-0").detail()).contains("public.t holds a row", "(");
    assertThat(failed(plan, "moved_rows_absent", "shard-1").detail()).contains("public.t");
  }

  @Test
  void refusesANewShardWhoseTablesHoldRows() throws SQLException {
    TestServer.run(first, TABLE);
    TestServer.run(second, TABLE);
    Topology target =
        TestTopology.hash("t:customer")
            .shard("shard-0", first, "-80")
            .shard("shard-1", second, "80-")
            .build();
    Topology active = TestTopology.hash("t:customer").shard("shard-0", first, "-").build();
    assertThat(plan(active, target, PlannerOptions.defaults()).preflight())
        .allMatch(PreflightFinding::ok);
    TestServer.run(second, "INSERT INTO t VALUES (1, 1, 'x')");
    assertThat(
            failed(plan(active, target, PlannerOptions.defaults()), "target_empty", "shard-1")
                .detail())
        .contains("public.t holds rows");
  }

  @Test
  void saysHowAShardThatWasGivenUpIsEmptiedOfItsReferenceTables() throws SQLException {
    String country = "CREATE TABLE country (code text PRIMARY KEY, name text)";
    String city = "CREATE TABLE city (name text PRIMARY KEY, country text REFERENCES country)";
    for (String database : List.of(first, second)) {
      TestServer.run(
          database,
          TABLE,
          country,
          city,
          "INSERT INTO country VALUES ('pl', 'Polska')",
          "INSERT INTO city VALUES ('Gdynia', 'pl')");
    }
    fence(second, "country");
    fence(second, "city");
    PreflightFinding finding = failed(comeBack(), "target_empty", "shard-1");
    assertThat(finding.detail()).isEqualTo("public.country holds rows; public.city holds rows");
    TestServer.run(second, finding.remedy().replaceFirst(".*: ", ""));
    assertThat(comeBack().preflight()).allMatch(PreflightFinding::ok);
  }

  private static void fence(String database, String table) throws SQLException {
    TestServer.run(
        database,
        "CREATE SCHEMA IF NOT EXISTS reshard",
        "CREATE OR REPLACE FUNCTION reshard.refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$"
            + " BEGIN IF current_setting('reshard.session', true) = 'on' THEN RETURN NULL; END IF;"
            + " RAISE EXCEPTION 'fenced'; END $$",
        "CREATE TRIGGER reshard_fence_2 BEFORE INSERT OR UPDATE OR DELETE ON %s".formatted(table)
            + " EXECUTE FUNCTION reshard.refuse_write()");
  }

  /** The second shard is new, but has been one before. */
  private Plan comeBack() {
    String[] tables = {"t:customer", "country", "city"};
    return plan(
        TestTopology.hash(tables).shard("shard-0", first, "-").build(),
        TestTopology.hash(tables)
            .shard("shard-0", first, "-80")
            .shard("shard-1", second, "80-")
            .build(),
        PlannerOptions.defaults());
  }

  /** Rows find their way by bounds, so the names of partitions may differ. */
  @Test
  void comparesPartitionsByTheirBounds() throws SQLException {
    String root = TABLE + " PARTITION BY RANGE (id)";
    String low = " FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id)";
    TestServer.run(
        first,
        root,
        "CREATE TABLE low PARTITION OF t" + low,
        "CREATE TABLE five PARTITION OF low FOR VALUES IN (5)",
        "CREATE TABLE rest PARTITION OF t DEFAULT");
    TestServer.run(
        second,
        root,
        "CREATE TABLE small PARTITION OF t" + low,
        "CREATE TABLE \"5\" PARTITION OF small FOR VALUES IN (5)",
        "CREATE TABLE large PARTITION OF t DEFAULT");
    assertThat(merge().preflight()).allMatch(PreflightFinding::ok);
    TestServer.run(
        second,
        "ALTER TABLE small DETACH PARTITION \"5\"",
        "CREATE TABLE six PARTITION OF small FOR VALUES IN (6)");
    assertThat(failed(merge(), "columns_equal", "shard-0").detail())
        .contains(
            "public.t lacks the partition RANGE (id) FOR VALUES FROM ('0') TO ('10'), LIST (id) FOR VALUES IN ('6')",
            "public.t has the partition RANGE (id) FOR VALUES FROM ('0') TO ('10'), LIST (id) FOR VALUES IN ('5') in addition");
  }

  @Test
  void comparesColumnsByName() throws SQLException {
    TestServer.run(first, TABLE);
    TestServer.run(
        second, "CREATE TABLE t (note text, customer bigint NOT NULL, id bigint PRIMARY KEY)");
    assertThat(merge().preflight()).allMatch(PreflightFinding::ok);
    TestServer.run(
        second,
        "ALTER TABLE t ALTER note TYPE varchar(7), ADD extra int, ALTER customer DROP NOT NULL");
    // The only source is what the target is compared with.
    assertThat(failed(merge(), "columns_equal", "shard-0").detail())
        .contains(
            "public.t.note has the type text, not character varying(7)",
            "public.t.extra is missing",
            "public.t.customer is NOT NULL");
    TestServer.run(first, "DROP TABLE t");
    assertThat(failed(merge(), "tables_exist", "shard-0").detail())
        .contains("public.t does not exist");
  }

  @Test
  void comparesReferenceTables() throws SQLException {
    String country = "CREATE TABLE country (code text PRIMARY KEY, name text)";
    for (String database : List.of(first, second)) {
      TestServer.run(database, TABLE, country, "INSERT INTO country VALUES ('pl', 'Polska')");
    }
    Plan plan = grow(first, second);
    assertThat(plan.preflight()).allMatch(PreflightFinding::ok);
    assertThat(plan.tables()).extracting(PlannedTable::name).containsExactly("t", "country");
    // The table is read once, and each new shard gets it.
    assertThat(plan.splits()).filteredOn(split -> split.table() == 1).hasSize(1);
    assertThat(plan.splits().get(plan.splits().size() - 1).source()).isEqualTo("shard-0");
    assertThat(plan.steps())
        .extracting(MigrationStep::name)
        .containsExactly("shard-0->shard-1", "shard-1->shard-2", "shard-0->shard-2");
    TestServer.run(second, "UPDATE country SET name = 'Poland'");
    assertThat(failed(grow(first, second), "reference_tables", "shard-1").detail())
        .contains("public.country has other rows than on shard-0");
  }

  /** From two shards to three, of which the last is new and gets half of the second. */
  private static Plan grow(String first, String second) {
    return plan(
        TestTopology.hash("t:customer", "country")
            .shard("shard-0", first, "-60")
            .shard("shard-1", second, "60-")
            .build(),
        TestTopology.hash("t:customer", "country")
            .shard("shard-0", first, "-40")
            .shard("shard-1", second, "40-c0")
            .shard("shard-2", TestServer.freshName(), "c0-")
            .build(),
        PlannerOptions.defaults());
  }

  @Test
  void leavesTablesThatWereNotAskedForAsTheyAre() throws SQLException {
    TestServer.run(first, TABLE, TABLE.replace("TABLE t", "TABLE u"));
    TestServer.run(second, TABLE, TABLE.replace("TABLE t", "TABLE u"));
    TestServer.run(first, "INSERT INTO u SELECT i, i, 'x' FROM generate_series(1, 20) i");
    Topology active =
        TestTopology.hash("t:customer", "u:customer").shard("shard-0", first, "-").build();
    Topology target =
        TestTopology.hash("t:customer", "u:customer")
            .shard("shard-0", first, "-80")
            .shard("shard-1", second, "80-")
            .build();
    Plan plan = plan(active, target, PlannerOptions.defaults().withTables(List.of("t")));
    assertThat(plan.tables()).extracting(PlannedTable::name).containsExactly("t");
    assertThat(plan.preflight()).allMatch(PreflightFinding::ok);
    Topology after = plan.target();
    assertThat(after.viewOf(after.rule("public", "u")).owners())
        .extracting(Shard::id)
        .containsExactly("shard-0");
    assertThat(after.viewOf(after.rule("public", "t")).owners())
        .extracting(Shard::id)
        .containsExactly("shard-0", "shard-1");
    // The other table follows later, and then both are routed by the topology again.
    Plan rest = plan(after, target, PlannerOptions.defaults());
    assertThat(rest.tables()).extracting(PlannedTable::name).containsExactly("u");
    assertThat(rest.target().tables()).allMatch(rule -> rule.routing() == null);
  }

  private Plan grow() {
    return plan(
        TestTopology.hash("t:customer").shard("shard-0", first, "-").build(),
        TestTopology.hash("t:customer")
            .shard("shard-0", first, "-80")
            .shard("shard-1", TestServer.freshName(), "80-")
            .build(),
        PlannerOptions.defaults());
  }

  private Plan merge() {
    return plan(
        TestTopology.hash("t:customer")
            .shard("shard-0", first, "-80")
            .shard("shard-1", second, "80-")
            .build(),
        TestTopology.hash("t:customer").shard("shard-0", first, "-").build(),
        PlannerOptions.defaults());
  }

  static Plan plan(Topology active, Topology target, PlannerOptions options) {
    return new Planner(TestServer.secrets(TestTopology.NODE), options).plan(active, target);
  }

  static PreflightFinding failed(Plan plan, String check, String shard) {
    return plan.preflight().stream()
        .filter(finding -> !finding.ok() && finding.check().equals(check))
        .filter(finding -> Objects.equals(finding.shard(), shard))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no such finding in " + plan.preflight()));
  }
}
