package io.reshard.planner;

import java.sql.SQLException;
import java.util.List;

/** Reads what people have written about objects, as COMMENT statements. */
final class Comments {
  // Identities are spelled as COMMENT takes them, but for a constraint of a domain.
  private static final String QUERY =
      """
      SELECT format('COMMENT ON %s %s IS %L',
        CASE i.type WHEN 'table column' THEN 'COLUMN' WHEN 'composite type column' THEN 'COLUMN'
          WHEN 'table constraint' THEN 'CONSTRAINT' WHEN 'domain constraint' THEN 'CONSTRAINT'
          WHEN 'composite type' THEN 'TYPE' WHEN 'statistics object' THEN 'STATISTICS'
          ELSE upper(i.type) END,
        CASE i.type WHEN 'domain constraint' THEN (SELECT format('%I ON DOMAIN %s', k.conname,
            k.contypid::regtype) FROM pg_catalog.pg_constraint k WHERE k.oid = d.objoid)
          ELSE i.identity END,
        d.description)
      FROM pg_catalog.pg_description d
      CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
      WHERE %s ORDER BY 1
      """;

  private static final String OF_TABLE =
      QUERY.replace(
          "WHERE %s",
          """
          WHERE (d.classoid, d.objoid) IN (
            SELECT 'pg_catalog.pg_class'::regclass, ?::oid
            UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid
              FROM pg_catalog.pg_constraint WHERE conrelid = ?::oid AND contype = 'c'
            UNION ALL SELECT 'pg_catalog.pg_trigger'::regclass, oid
              FROM pg_catalog.pg_trigger WHERE tgrelid = ?::oid
            UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid
              FROM pg_catalog.pg_statistic_ext WHERE stxrelid = ?::oid
            UNION ALL SELECT 'pg_catalog.pg_class'::regclass, s::regclass FROM unnest(?::text[]) s
            UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass, n.oid
              FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
              WHERE c.oid = ?::oid AND n.nspname <> 'public')
          """);

  private static final String OF_TYPE =
      QUERY.replace(
          "WHERE %s",
          """
          WHERE (d.classoid, d.objoid) IN (
            SELECT 'pg_catalog.pg_type'::regclass, ?::oid
            UNION ALL SELECT 'pg_catalog.pg_class'::regclass, typrelid
              FROM pg_catalog.pg_type WHERE oid = ?::oid AND typrelid <> 0
            UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid
              FROM pg_catalog.pg_constraint WHERE contypid = ?::oid)
          """);

  private static final String OF_OBJECT =
      QUERY.replace("WHERE %s", "WHERE d.classoid = ?::regclass AND d.objoid = ?::oid");

  private Comments() {}

  /** Of a table and what is made with it: all but its indexes and the constraints on them. */
  static List<String> ofTable(Session session, long table, List<SequenceFacts> sequences)
      throws SQLException {
    return session.list(
        OF_TABLE,
        row -> row.getString(1),
        table,
        table,
        table,
        table,
        session.textArray(sequences.stream().map(SequenceFacts::quotedName).toList()),
        table);
  }

  /** Of a type with its attributes or constraints. */
  static List<String> ofType(Session session, long type) throws SQLException {
    return session.list(OF_TYPE, row -> row.getString(1), type, type, type);
  }

  /** Of another object, such as a function of {@code pg_proc}. */
  static List<String> ofObject(Session session, String catalog, long oid) throws SQLException {
    return session.list(OF_OBJECT, row -> row.getString(1), "pg_catalog." + catalog, oid);
  }
}
