package io.reshard.planner;

import io.reshard.core.postgres.Sql;
import java.sql.SQLException;

/** A type of the catalog, as far as DDL and binary form depend on it. */
record TypeRow(
    long oid,
    String schema,
    String name,
    String kind,
    long element,
    long base,
    long relation,
    String relationKind,
    long rangeSubtype,
    long multirangeOf,
    boolean sendsBinary,
    String extension) {

  /** Types below are given by PostgreSQL itself, so they are the same in every database. */
  private static final long FIRST_ASSIGNED_OID = 10_000;

  private static final long FIRST_USER_OID = 16_384;

  private static final String QUERY =
      """
      SELECT t.oid::bigint, n.nspname, t.typname, t.typtype,
        CASE WHEN t.typcategory = 'A' AND t.typlen = -1 THEN t.typelem ELSE 0 END::bigint,
        t.typbasetype::bigint, t.typrelid::bigint, c.relkind, coalesce(r.rngsubtype, 0)::bigint,
        coalesce(m.rngtypid, 0)::bigint, t.typsend <> 0 AND t.typreceive <> 0, e.extname
      FROM pg_catalog.pg_type t
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
      LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
      LEFT JOIN pg_catalog.pg_range m ON m.rngmultitypid = t.oid
      LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::regclass
        AND d.objid = t.oid AND d.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      WHERE t.oid = ?::oid
      """;

  static TypeRow read(Session session, long oid) throws SQLException {
    return session.one(
        QUERY,
        row ->
            new TypeRow(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getLong(5),
                row.getLong(6),
                row.getLong(7),
                row.getString(8),
                row.getLong(9),
                row.getLong(10),
                row.getBoolean(11),
                row.getString(12)),
        oid);
  }

  String quotedName() {
    return Sql.qualified(schema, name);
  }

  boolean isArray() {
    return element != 0;
  }

  boolean userDefined() {
    return oid >= FIRST_USER_OID;
  }

  boolean hasFixedOid() {
    return oid < FIRST_ASSIGNED_OID;
  }

  /** regclass and its kin are sent as the OID of what they name. */
  boolean namesCatalogObject() {
    return schema.equals("pg_catalog") && name.startsWith("reg");
  }
}
