package io.reshard.planner;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** Reads a table's columns, and collects what their types and collations need. */
final class ColumnInspector {
  private static final String COLUMNS =
      """
      SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
        a.atttypid::bigint AS type_oid, a.attnotnull, a.attgenerated,
        pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression,
        CASE WHEN a.attidentity <> '' THEN
          format('GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)',
            CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
            pg_catalog.pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname),
            (SELECT format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s',
               s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
               CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)
             FROM pg_catalog.pg_sequence s WHERE s.seqrelid = pg_catalog.pg_get_serial_sequence(
               format('%I.%I', n.nspname, c.relname), a.attname)::regclass)) END AS identity,
        CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation
          THEN format('%I.%I', ln.nspname, l.collname) END AS collation,
        a.attcollation::bigint AS collation_oid,
        coalesce(l.collisdeterministic, true) AS deterministic,
        array_remove(ARRAY[
          CASE WHEN a.attstorage <> t.typstorage THEN 'SET STORAGE ' ||
            CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
              WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
          CASE a.attcompression WHEN 'p' THEN 'SET COMPRESSION pglz'
            WHEN 'l' THEN 'SET COMPRESSION lz4' END,
          CASE WHEN to_jsonb(a) ->> 'attstattarget' NOT IN ('-1')
            THEN 'SET STATISTICS ' || (to_jsonb(a) ->> 'attstattarget') END], NULL) AS settings
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
      WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum
      """;

  private final Session session;
  private final SchemaObjects found;

  ColumnInspector(Session session, SchemaObjects found) {
    this.session = session;
    this.found = found;
  }

  /** The columns in attribute order. */
  List<ColumnFacts> columns(long table) throws SQLException {
    TypeInspector types = new TypeInspector(session, found);
    for (long[] oids :
        session.list(
            COLUMNS,
            row -> new long[] {row.getLong("collation_oid"), row.getLong("type_oid")},
            table)) {
      CollationInspector.collect(session, oids[0], found);
      types.inspect(oids[1]);
    }
    return session.list(COLUMNS, ColumnInspector::column, table);
  }

  private static ColumnFacts column(ResultSet row) throws SQLException {
    return new ColumnFacts(
        row.getString("attname"),
        row.getString("type"),
        row.getLong("type_oid"),
        row.getBoolean("attnotnull"),
        row.getString("expression"),
        row.getString("attgenerated").strip(),
        row.getString("identity"),
        row.getString("collation"),
        row.getBoolean("deterministic"),
        Session.strings(row, "settings"));
  }
}
