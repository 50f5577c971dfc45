package io.reshard.planner;

import java.sql.SQLException;
import java.util.List;

/** Reads the sequences that a table owns or that its defaults use. */
final class SequenceInspector {
  private static final String QUERY =
      """
      SELECT n.nspname, c.relname, pg_catalog.format_type(s.seqtypid, NULL),
        format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s',
          s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
          CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END),
        a.attname, coalesce(o.deptype = 'i', false),
        pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT')
          AND pg_catalog.has_sequence_privilege(s.seqrelid, 'UPDATE')
          AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      FROM pg_catalog.pg_sequence s
      JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_depend o ON o.classid = 'pg_catalog.pg_class'::regclass
        AND o.objid = s.seqrelid AND o.refclassid = 'pg_catalog.pg_class'::regclass
        AND o.refobjid = ?::oid AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
      WHERE o.objid IS NOT NULL OR EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid AND f.adrelid = ?::oid
        WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass
          AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = s.seqrelid)
      ORDER BY n.nspname, c.relname
      """;

  private final Session session;

  SequenceInspector(Session session) {
    this.session = session;
  }

  List<SequenceFacts> sequences(long table) throws SQLException {
    return session.list(
        QUERY,
        row ->
            new SequenceFacts(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(5),
                row.getBoolean(6),
                row.getBoolean(7)),
        table,
        table);
  }
}
