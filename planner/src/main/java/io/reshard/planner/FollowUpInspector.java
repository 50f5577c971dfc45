package io.reshard.planner;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what a table gets after its creation: triggers, statistics objects, replica identity and
 * privileges; and collects the functions that defaults, constraints, indexes and triggers call.
 */
final class FollowUpInspector {
  private static final String FUNCTIONS =
      """
      WITH users AS (
        SELECT 'pg_catalog.pg_attrdef'::regclass::oid AS class, oid FROM pg_catalog.pg_attrdef
          WHERE adrelid = ?::oid
        UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid FROM pg_catalog.pg_constraint
          WHERE conrelid = ?::oid
        UNION ALL SELECT 'pg_catalog.pg_class'::regclass, indexrelid FROM pg_catalog.pg_index
          WHERE indrelid = ?::oid
        UNION ALL SELECT 'pg_catalog.pg_trigger'::regclass, oid FROM pg_catalog.pg_trigger
          WHERE tgrelid = ?::oid AND NOT tgisinternal)
      SELECT DISTINCT n.nspname, pg_catalog.pg_get_functiondef(p.oid), e.extname, p.oid::bigint
      FROM users u
      JOIN pg_catalog.pg_depend d ON d.classid = u.class AND d.objid = u.oid
        AND d.refclassid = 'pg_catalog.pg_proc'::regclass
      JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid AND p.prokind = 'f'
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      LEFT JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_proc'::regclass
        AND x.objid = p.oid AND x.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = x.refobjid
      WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'reshard')
      ORDER BY 1, 2
      """;

  private static final String FOLLOW_UPS =
      """
      SELECT 1, pg_catalog.pg_get_triggerdef(g.oid) FROM pg_catalog.pg_trigger g
      JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname <> 'reshard'
      WHERE g.tgrelid = ?::oid AND NOT g.tgisinternal AND g.tgparentid = 0
      UNION ALL
      SELECT 2, format('ALTER TABLE %s DISABLE TRIGGER %I', g.tgrelid::regclass, g.tgname)
      FROM pg_catalog.pg_trigger g
      WHERE g.tgrelid = ?::oid AND NOT g.tgisinternal AND g.tgenabled = 'D'
      UNION ALL
      SELECT 3, pg_catalog.pg_get_statisticsobjdef(s.oid) FROM pg_catalog.pg_statistic_ext s
      WHERE s.stxrelid = ?::oid
      UNION ALL
      SELECT 4, format('ALTER TABLE %s REPLICA IDENTITY FULL', c.oid::regclass)
      FROM pg_catalog.pg_class c WHERE c.oid = ?::oid AND c.relreplident = 'f'
      ORDER BY 1, 2
      """;

  private record Function(String schema, String definition, String extension, long oid) {}

  private final Session session;
  private final SchemaObjects found;

  FollowUpInspector(Session session, SchemaObjects found) {
    this.session = session;
    this.found = found;
  }

  List<String> statements(long table) throws SQLException {
    for (Function function :
        session.list(
            FUNCTIONS,
            row ->
                new Function(row.getString(1), row.getString(2), row.getString(3), row.getLong(4)),
            table,
            table,
            table,
            table)) {
      if (function.extension() != null) {
        found.extensions().add(function.extension());
      } else {
        found.schemas().add(function.schema());
        found.statements().add(function.definition());
        found.statements().addAll(Comments.ofObject(session, "pg_proc", function.oid()));
        found
            .statements()
            .addAll(new PrivilegeInspector(session, found).ofObject("pg_proc", function.oid()));
      }
    }
    return new ArrayList<>(
        session.list(FOLLOW_UPS, row -> row.getString(2), table, table, table, table));
  }
}
