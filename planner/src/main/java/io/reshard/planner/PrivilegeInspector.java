package io.reshard.planner;

import java.sql.SQLException;
import java.util.List;
import java.util.Objects;

/**
 * Reads who may use a table, its schema and its sequences, or a function or type, and who owns the
 * table, function or type.
 */
final class PrivilegeInspector {
  private static final String GRANTS =
      """
      WITH things AS (
        SELECT 'TABLE' AS kind, c.oid::regclass::text AS name, c.relacl AS acl, c.relowner AS owner,
          NULL::name AS col
          FROM pg_catalog.pg_class c WHERE c.oid = ?::oid
        UNION ALL SELECT 'SEQUENCE', c.oid::regclass::text, c.relacl, c.relowner, NULL
          FROM pg_catalog.pg_class c WHERE c.oid = ANY (?::text[]::regclass[])
        UNION ALL SELECT 'SCHEMA', quote_ident(n.nspname), n.nspacl, n.nspowner, NULL
          FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
          WHERE c.oid = ?::oid
        UNION ALL SELECT 'TABLE', c.oid::regclass::text, a.attacl, c.relowner, a.attname
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
          WHERE c.oid = ?::oid AND a.attacl IS NOT NULL AND NOT a.attisdropped)
      SELECT format('GRANT %s ON %s %s TO %s%s',
          string_agg(a.privilege_type || coalesce(' (' || quote_ident(t.col) || ')', ''), ', '
            ORDER BY a.privilege_type, t.col), t.kind, t.name,
          coalesce(quote_ident(r.rolname), 'PUBLIC'),
          CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), r.rolname
      FROM things t CROSS JOIN LATERAL pg_catalog.aclexplode(t.acl) a
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
      WHERE a.grantee <> t.owner
      GROUP BY t.kind, t.name, r.rolname, a.is_grantable
      UNION ALL
      SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, o.rolname), o.rolname
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
      WHERE c.oid = ?::oid AND o.rolname <> current_user
      ORDER BY 1 DESC
      """;

  // Everybody may use a function or type unless that was taken away.
  private static final String OF_OBJECT =
      """
      WITH thing AS (
        SELECT 'FUNCTION' AS kind, oid::regprocedure::text AS name, proacl AS acl,
          proowner AS owner
          FROM pg_catalog.pg_proc WHERE (tableoid, oid) = (?::text::regclass, ?::oid)
        UNION ALL SELECT 'TYPE', oid::regtype::text, typacl, typowner
          FROM pg_catalog.pg_type WHERE (tableoid, oid) = (?::text::regclass, ?::oid))
      SELECT 1, format('REVOKE ALL ON %s %s FROM PUBLIC', t.kind, t.name), NULL::name
      FROM thing t WHERE t.acl IS NOT NULL
        AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(t.acl) a WHERE a.grantee = 0)
      UNION ALL
      SELECT 2, format('GRANT %s ON %s %s TO %I%s', a.privilege_type, t.kind, t.name, r.rolname,
          CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), r.rolname
      FROM thing t CROSS JOIN LATERAL pg_catalog.aclexplode(t.acl) a
      JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
      WHERE a.grantee <> t.owner
      UNION ALL
      SELECT 3, format('ALTER %s %s OWNER TO %I', t.kind, t.name, o.rolname), o.rolname
      FROM thing t JOIN pg_catalog.pg_roles o ON o.oid = t.owner
      WHERE o.rolname <> current_user
      ORDER BY 1, 2
      """;

  private record Privilege(String statement, String role) {}

  private final Session session;
  private final SchemaObjects found;

  PrivilegeInspector(Session session, SchemaObjects found) {
    this.session = session;
    this.found = found;
  }

  /** The grants, and at last the change of owner; collects the roles that they name. */
  List<String> statements(long table, List<SequenceFacts> sequences) throws SQLException {
    return collect(
        session.list(
            GRANTS,
            row -> new Privilege(row.getString(1), row.getString(2)),
            table,
            session.textArray(sequences.stream().map(SequenceFacts::quotedName).toList()),
            table,
            table,
            table));
  }

  /** The same of a function of {@code pg_proc} or a type of {@code pg_type}. */
  List<String> ofObject(String catalog, long oid) throws SQLException {
    String name = "pg_catalog." + catalog;
    return collect(
        session.list(
            OF_OBJECT,
            row -> new Privilege(row.getString(2), row.getString(3)),
            name,
            oid,
            name,
            oid));
  }

  private List<String> collect(List<Privilege> privileges) {
    privileges.stream()
        .map(Privilege::role)
        .filter(Objects::nonNull)
        .forEach(role -> found.roles().add(role));
    return privileges.stream().map(Privilege::statement).toList();
  }
}
