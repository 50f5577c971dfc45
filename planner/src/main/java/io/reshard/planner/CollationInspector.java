package io.reshard.planner;

import java.sql.SQLException;

/** Collects the DDL of user-defined collations. */
final class CollationInspector {
  private static final long FIRST_USER_OID = 16_384;

  // The locale's column has been renamed in PostgreSQL 17, so it is looked up by name.
  private static final String QUERY =
      """
      SELECT n.nspname, format('CREATE COLLATION IF NOT EXISTS %I.%I (PROVIDER = %s, %s,'
          || ' DETERMINISTIC = %s)', n.nspname, l.collname,
        CASE l.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
        CASE WHEN l.collprovider = 'c'
          THEN format('LC_COLLATE = %L, LC_CTYPE = %L', l.collcollate, l.collctype)
          ELSE format('LOCALE = %L', coalesce(to_jsonb(l) ->> 'colllocale',
            to_jsonb(l) ->> 'colliculocale', l.collcollate))
            || coalesce(', RULES = ' || quote_literal(to_jsonb(l) ->> 'collicurules'), '') END,
        CASE WHEN l.collisdeterministic THEN 'true' ELSE 'false' END)
      FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
      WHERE l.oid = ?::oid
      """;

  private CollationInspector() {}

  /** Does nothing for a collation that PostgreSQL brings along. */
  static void collect(Session session, long oid, SchemaObjects found) throws SQLException {
    if (oid < FIRST_USER_OID) {
      return;
    }
    found.schemas().add(session.one(QUERY, row -> row.getString(1), oid));
    found.statements().add(session.one(QUERY, row -> row.getString(2), oid));
    found.statements().addAll(Comments.ofObject(session, "pg_collation", oid));
  }
}
