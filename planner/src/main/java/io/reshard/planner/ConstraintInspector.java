package io.reshard.planner;

import io.reshard.core.plan.IndexDefinition;
import java.sql.SQLException;
import java.util.List;

/** Reads a table's keys, indexes, check constraints and foreign keys, each as the DDL it takes. */
final class ConstraintInspector {
  private static final String PRIMARY_KEY =
      """
      SELECT a.attname FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY k (attnum, place)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = ?::oid AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place
      """;

  private static final String CONSTRAINTS =
      """
      SELECT k.conname, k.condeferrable FROM pg_catalog.pg_constraint k
      WHERE k.conrelid = ?::oid AND k.contype = ? AND k.conparentid = 0 ORDER BY k.conname
      """;

  // Rows are there before foreign keys are, and a validation of its own locks less; partitioned
  // tables cannot have it before PostgreSQL 18. The definition of one that is not valid says so
  // itself.
  private static final String FOREIGN_KEYS =
      """
      SELECT k.conname, format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname,
          k.conname, pg_catalog.pg_get_constraintdef(k.oid))
        || CASE WHEN k.convalidated AND c.relkind <> 'p' THEN ' NOT VALID' ELSE '' END
        || coalesce(format('; COMMENT ON CONSTRAINT %I ON %I.%I IS ', k.conname, n.nspname,
             c.relname)
             || quote_literal(pg_catalog.obj_description(k.oid, 'pg_constraint')), '') AS statement,
        format('%s.%s', rn.nspname, r.relname) AS other, k.convalidated
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
      JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
      WHERE k.conrelid = ?::oid AND k.contype = 'f' AND k.conparentid = 0 ORDER BY k.conname
      """;

  private static final String CHECKS =
      """
      SELECT format('CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))
      FROM pg_catalog.pg_constraint k
      WHERE k.conrelid = ?::oid AND k.contype = 'c' ORDER BY k.conname
      """;

  // An index that stands behind a constraint is made by that constraint. Its comments are part of
  // the statement, since whoever builds it only looks whether it is there. Of partitions those are
  // listed that do not come with an index of the partitioned table.
  private static final String INDEXES =
      """
      SELECT x.relname, coalesce(
        (SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname,
           pg_catalog.pg_get_constraintdef(k.oid)) FROM pg_catalog.pg_constraint k
         WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1),
        replace(pg_catalog.pg_get_indexdef(i.indexrelid), format('INDEX %I ON ONLY ', x.relname),
          format('INDEX %I ON ', x.relname)))
        || coalesce('; COMMENT ON INDEX ' || x.oid::regclass || ' IS '
             || quote_literal(pg_catalog.obj_description(x.oid, 'pg_class')), '')
        || coalesce((SELECT '; COMMENT ON CONSTRAINT ' || quote_ident(k.conname) || ' ON '
             || k.conrelid::regclass || ' IS '
             || quote_literal(pg_catalog.obj_description(k.oid, 'pg_constraint'))
           FROM pg_catalog.pg_constraint k
           WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1), '')
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE i.indrelid IN (SELECT ?::oid
          UNION SELECT relid FROM pg_catalog.pg_partition_tree(?::oid::regclass))
        AND i.indisprimary = ? AND i.indisvalid AND NOT x.relispartition ORDER BY x.relname
      """;

  // 1.0 and 1.00 are equal, but differ in text; so do two spellings of one citext. What a
  // nondeterministic collation takes for equal only the server knows.
  private static final String UNIQUE_KEYS =
      """
      SELECT x.relname, i.indisprimary, ARRAY(
          SELECT a.attname FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k (attnum, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
          WHERE k.place <= i.indnkeyatts)::text[] AS columns,
        ARRAY(SELECT format(CASE y.typname WHEN 'numeric' THEN 'pg_catalog.trim_scale((%s))'
              WHEN 'citext' THEN 'pg_catalog.lower((%s)::text)' ELSE '(%s)' END,
              pg_catalog.pg_get_indexdef(i.indexrelid, a.attnum, false))
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
            WHERE a.attrelid = i.indexrelid AND a.attnum <= i.indnkeyatts
            ORDER BY a.attnum)::text[] AS parts,
        pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = ?::oid AND i.indisunique AND i.indisvalid AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_collation l
          ON l.oid = a.attcollation AND NOT l.collisdeterministic
        WHERE a.attrelid = i.indexrelid)
      ORDER BY NOT i.indisprimary, x.relname
      """;

  private static final String REFERENCED_BY =
      """
      SELECT k.conname, format('%s.%s', n.nspname, c.relname), k.convalidated
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE k.confrelid = ?::oid AND k.contype = 'f' AND k.conparentid = 0
      """;

  private final Session session;

  ConstraintInspector(Session session) {
    this.session = session;
  }

  List<String> primaryKey(long table) throws SQLException {
    return session.list(PRIMARY_KEY, row -> row.getString(1), table);
  }

  /** The primary key's constraint, or null. */
  IndexDefinition primaryKeyIndex(long table) throws SQLException {
    return session
        .first(
            INDEXES,
            row -> new IndexDefinition(row.getString(1), row.getString(2)),
            table,
            table,
            true)
        .orElse(null);
  }

  boolean primaryKeyDeferrable(long table) throws SQLException {
    return session.first(CONSTRAINTS, row -> row.getBoolean(2), table, "p").orElse(false);
  }

  List<String> checks(long table) throws SQLException {
    return session.list(CHECKS, row -> row.getString(1), table);
  }

  /** The names of exclusion constraints. */
  List<String> exclusions(long table) throws SQLException {
    return session.list(CONSTRAINTS, row -> row.getString(1), table, "x");
  }

  /** The primary key first. */
  List<UniqueKeyFacts> uniqueKeys(long table) throws SQLException {
    return session.list(
        UNIQUE_KEYS,
        row ->
            new UniqueKeyFacts(
                row.getString(1),
                row.getBoolean(2),
                Session.strings(row, "columns"),
                Session.strings(row, "parts"),
                row.getString("predicate")),
        table);
  }

  List<IndexDefinition> indexes(long table) throws SQLException {
    return session.list(
        INDEXES,
        row -> new IndexDefinition(row.getString(1), row.getString(2)),
        table,
        table,
        false);
  }

  List<ForeignKeyFacts> foreignKeys(long table) throws SQLException {
    return session.list(
        FOREIGN_KEYS,
        row ->
            new ForeignKeyFacts(
                new IndexDefinition(row.getString(1), row.getString(2)),
                row.getString(3),
                row.getBoolean(4)),
        table);
  }

  /** Foreign keys that point at the table; their definitions hold no statement. */
  List<ForeignKeyFacts> referencedBy(long table) throws SQLException {
    return session.list(
        REFERENCED_BY,
        row ->
            new ForeignKeyFacts(
                new IndexDefinition(row.getString(1), null), row.getString(2), row.getBoolean(3)),
        table);
  }
}
