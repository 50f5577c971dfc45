package io.reshard.planner;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Reads the partitions of a table. */
final class PartitionInspector {
  private static final String KEY =
      "SELECT pg_catalog.pg_get_partkeydef(c.oid) FROM pg_catalog.pg_class c"
          + " WHERE c.oid = ?::oid AND c.relkind = 'p'";

  private static final String TREE =
      """
      WITH RECURSIVE tree AS (
        SELECT c.oid, 0 AS level, NULL::oid AS parent, '' COLLATE "C" AS place
        FROM pg_catalog.pg_class c WHERE c.oid = ?::oid AND c.relkind = 'p'
        UNION ALL
        SELECT c.oid, t.level + 1, t.oid,
          format('%s%s%s %s', t.place, CASE t.level WHEN 0 THEN '' ELSE ', ' END,
            pg_catalog.pg_get_partkeydef(t.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid))
          COLLATE "C"
        FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid)
      SELECT n.nspname, c.relname, c.oid::bigint AS oid, t.place,
        format('CREATE TABLE %I.%I PARTITION OF %s %s%s%s', n.nspname, c.relname,
          t.parent::regclass, pg_catalog.pg_get_expr(c.relpartbound, c.oid),
          ' PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid),
          ' WITH (' || array_to_string(c.reloptions, ', ') || ')') AS statement
      FROM tree t
      JOIN pg_catalog.pg_class c ON c.oid = t.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE t.level > 0 ORDER BY t.level, t.place
      """;

  /** What CREATE TABLE … PARTITION OF would not take over from the parent, or take over wrongly. */
  private static final String OWN =
      """
      WITH here AS (
        SELECT a.attname, a.attnotnull, a.attgenerated, a.attrelid, i.inhparent,
          pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.attrelid
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped),
      parents AS (
        SELECT a.attname, a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = (SELECT inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = ?::oid))
      SELECT format('ALTER TABLE %s ALTER COLUMN %I %s', h.attrelid::regclass, h.attname,
        coalesce('SET DEFAULT ' || h.expression, 'DROP DEFAULT'))
      FROM here h JOIN parents p USING (attname)
      WHERE h.attgenerated = '' AND h.expression IS DISTINCT FROM p.expression
      UNION ALL
      SELECT format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', h.attrelid::regclass, h.attname)
      FROM here h JOIN parents p USING (attname) WHERE h.attnotnull AND NOT p.attnotnull
      UNION ALL
      SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname,
        pg_catalog.pg_get_constraintdef(k.oid))
      FROM pg_catalog.pg_constraint k
      WHERE k.conrelid = ?::oid AND k.contype = 'c' AND k.coninhcount = 0
      """;

  // Rows come through the root. Of unique indexes, keys, rules and triggers that a partition has
  // for itself neither the root knows nor who moves its rows.
  private static final String OBSTACLES =
      """
      WITH here AS (SELECT * FROM pg_catalog.pg_class WHERE oid = ?::oid),
      root AS (SELECT * FROM pg_catalog.pg_class WHERE oid = ?::oid),
      counted AS (SELECT d.adrelid, s.oid::regclass AS sequence FROM pg_catalog.pg_attrdef d
        JOIN pg_catalog.pg_depend u ON u.classid = 'pg_catalog.pg_attrdef'::regclass
          AND u.objid = d.oid AND u.refclassid = 'pg_catalog.pg_class'::regclass
        JOIN pg_catalog.pg_class s ON s.oid = u.refobjid AND s.relkind = 'S')
      SELECT 'is unlogged' FROM here WHERE relpersistence <> 'p'
      UNION ALL
      SELECT 'is in another schema' FROM here, root WHERE here.relnamespace <> root.relnamespace
      UNION ALL
      SELECT 'has another replica identity' FROM here, root
      WHERE here.relreplident <> root.relreplident
      UNION ALL
      SELECT 'has row security' FROM here WHERE relrowsecurity
      UNION ALL
      SELECT format('has the unique index %s', x.relname) FROM here
      JOIN pg_catalog.pg_index i ON i.indrelid = here.oid AND i.indisunique
      JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND NOT x.relispartition
      UNION ALL
      SELECT format('has the constraint %s', k.conname) FROM here
      JOIN pg_catalog.pg_constraint k
        ON k.conrelid = here.oid AND k.contype IN ('f', 'x') AND k.conparentid = 0
      UNION ALL
      SELECT format('is referenced by the foreign key %s', k.conname) FROM here
      JOIN pg_catalog.pg_constraint k
        ON k.confrelid = here.oid AND k.contype = 'f' AND k.conparentid = 0
      UNION ALL
      SELECT format('counts by the sequence %s', sequence) FROM here
      JOIN counted ON adrelid = here.oid
      WHERE sequence NOT IN (SELECT c.sequence FROM root JOIN counted c ON c.adrelid = root.oid)
      UNION ALL
      SELECT format('has the rule %s', r.rulename) FROM here
      JOIN pg_catalog.pg_rewrite r ON r.ev_class = here.oid
      UNION ALL
      SELECT format('has the trigger %s ENABLE ALWAYS or REPLICA', g.tgname) FROM here
      JOIN pg_catalog.pg_trigger g
        ON g.tgrelid = here.oid AND NOT g.tgisinternal AND g.tgenabled IN ('A', 'R')
      JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
      JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace AND f.nspname <> 'reshard'
      UNION ALL
      SELECT format('is written by the subscription %s', s.subname) FROM here
      JOIN pg_catalog.pg_subscription_rel b ON b.srrelid = here.oid
      JOIN pg_catalog.pg_subscription s ON s.oid = b.srsubid
      """;

  private final Session session;

  PartitionInspector(Session session) {
    this.session = session;
  }

  /** As PARTITION BY takes it; null if the table is not partitioned. */
  String key(long table) throws SQLException {
    return session.first(KEY, row -> row.getString(1), table).orElse(null);
  }

  /** Parents first. */
  List<PartitionFacts> partitions(long table) throws SQLException {
    List<PartitionFacts> partitions = new ArrayList<>();
    for (PartitionFacts bare : tree(table)) {
      long oid = bare.oid();
      List<String> creation = new ArrayList<>(bare.creation());
      creation.addAll(session.list(OWN, row -> row.getString(1), oid, oid, oid));
      List<String> obstacles = session.list(OBSTACLES, row -> row.getString(1), oid, table);
      partitions.add(
          new PartitionFacts(bare.schema(), bare.name(), oid, bare.place(), creation, obstacles));
    }
    return partitions;
  }

  private List<PartitionFacts> tree(long table) throws SQLException {
    return session.list(
        TREE,
        row ->
            new PartitionFacts(
                row.getString("nspname"),
                row.getString("relname"),
                row.getLong("oid"),
                row.getString("place"),
                List.of(row.getString("statement")),
                List.of()),
        table);
  }
}
