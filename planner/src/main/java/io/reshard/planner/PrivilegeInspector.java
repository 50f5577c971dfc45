package io.reshard.planner;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Reads who may use a table, its schema and its sequences, and who owns the table. */
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

  private final Session session;
  private final SchemaObjects found;

  PrivilegeInspector(Session session, SchemaObjects found) {
    this.session = session;
    this.found = found;
  }

  /** The grants, and at last the change of owner; collects the roles that they name. */
  List<String> statements(long table, List<SequenceFacts> sequences) throws SQLException {
    List<String> statements = new ArrayList<>();
    for (String[] grant :
        session.list(
            GRANTS,
            row -> new String[] {row.getString(1), row.getString(2)},
            table,
            session.textArray(sequences.stream().map(SequenceFacts::quotedName).toList()),
            table,
            table,
            table)) {
      statements.add(grant[0]);
      if (grant[1] != null) {
        found.roles().add(grant[1]);
      }
    }
    return statements;
  }
}
