package io.reshard.planner;

import io.reshard.core.postgres.Sql;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Follows a column's type through domains, arrays, composites and ranges: collects the DDL of
 * user-defined types and finds those whose binary form is bound to one database. PostgreSQL's
 * {@code array_send} and {@code record_send} write the OIDs of element types, and {@code reg*}
 * types the OID of an object.
 */
final class TypeInspector {
  private static final String DOMAIN =
      """
      SELECT format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname,
          pg_catalog.format_type(t.typbasetype, t.typtypmod))
        || CASE WHEN l.oid IS NULL OR t.typcollation = b.typcollation THEN ''
             ELSE format(' COLLATE %I.%I', ln.nspname, l.collname) END
        || coalesce(' DEFAULT ' || t.typdefault, '')
        || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
        || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', k.conname,
               pg_catalog.pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
             FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), ''),
        CASE WHEN t.typcollation = b.typcollation THEN 0 ELSE t.typcollation END::bigint
      FROM pg_catalog.pg_type t
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = t.typcollation
      LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
      WHERE t.oid = ?::oid
      """;

  private static final String ENUM =
      """
      SELECT format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
        (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
         FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid))
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      WHERE t.oid = ?::oid
      """;

  private static final String COMPOSITE =
      """
      SELECT format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
        (SELECT string_agg(format('%I %s', a.attname,
             pg_catalog.format_type(a.atttypid, a.atttypmod))
             || CASE WHEN l.oid IS NULL OR a.attcollation = b.typcollation THEN ''
                  ELSE format(' COLLATE %I.%I', ln.nspname, l.collname) END, ', '
             ORDER BY a.attnum)
         FROM pg_catalog.pg_attribute a
         JOIN pg_catalog.pg_type b ON b.oid = a.atttypid
         LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
         LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
         WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      WHERE t.oid = ?::oid
      """;

  private static final String ATTRIBUTES =
      """
      SELECT a.atttypid::bigint, a.attcollation::bigint FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
      """;

  private static final String RANGE =
      """
      SELECT format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s, MULTIRANGE_TYPE_NAME = %I.%I)',
        n.nspname, t.typname, pg_catalog.format_type(r.rngsubtype, NULL), mn.nspname, m.typname)
      FROM pg_catalog.pg_range r
      JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid
      JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
      JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
      JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc
      WHERE r.rngtypid = ?::oid AND r.rngcanonical = 0 AND r.rngsubdiff = 0 AND o.opcdefault
        AND r.rngcollation = s.typcollation
      """;

  private final Session session;
  private final SchemaObjects found;
  private final Map<Long, Boolean> known = new HashMap<>();

  TypeInspector(Session session, SchemaObjects found) {
    this.session = session;
    this.found = found;
  }

  /** Collects what the type needs; true if its binary form is good in every database. */
  boolean inspect(long oid) throws SQLException {
    Boolean before = known.get(oid);
    if (before != null) {
      return before;
    }
    TypeRow type = TypeRow.read(session, oid);
    boolean portable = follow(type);
    known.put(oid, portable);
    if (!portable) {
      found.unsafeTypes().add(oid);
    }
    return portable;
  }

  private boolean follow(TypeRow type) throws SQLException {
    if (type.extension() != null) {
      found.extensions().add(type.extension());
    } else if (type.userDefined()) {
      found.schemas().add(type.schema());
    }
    return switch (type.kind()) {
      case "d" -> domain(type);
      case "e" -> enumeration(type);
      case "c" -> composite(type);
      case "r" -> range(type);
      case "m" -> inspect(type.multirangeOf());
      default -> type.isArray() ? array(type) : base(type);
    };
  }

  private boolean array(TypeRow type) throws SQLException {
    boolean portable = inspect(type.element());
    return portable && TypeRow.read(session, type.element()).hasFixedOid();
  }

  private boolean base(TypeRow type) {
    if (type.userDefined() && type.extension() == null) {
      found.unsupported().add("the base type " + type.quotedName());
    }
    return type.sendsBinary() && !type.namesCatalogObject();
  }

  private boolean enumeration(TypeRow type) throws SQLException {
    // enum_send writes the label.
    create(type, session.first(ENUM, row -> row.getString(1), type.oid()));
    return true;
  }

  private boolean domain(TypeRow type) throws SQLException {
    boolean portable = inspect(type.base());
    if (type.userDefined() && type.extension() == null) {
      long collation = session.one(DOMAIN, row -> row.getLong(2), type.oid());
      CollationInspector.collect(session, collation, found);
      create(type, session.first(DOMAIN, row -> row.getString(1), type.oid()));
    }
    return portable;
  }

  private boolean composite(TypeRow type) throws SQLException {
    for (long[] attribute :
        session.list(
            ATTRIBUTES, row -> new long[] {row.getLong(1), row.getLong(2)}, type.relation())) {
      inspect(attribute[0]);
      CollationInspector.collect(session, attribute[1], found);
    }
    if ("c".equals(type.relationKind())) {
      create(type, session.first(COMPOSITE, row -> row.getString(1), type.oid()));
    } else {
      found.unsupported().add("the row type of the table " + type.quotedName());
    }
    return false;
  }

  private boolean range(TypeRow type) throws SQLException {
    boolean portable = inspect(type.rangeSubtype());
    create(type, session.first(RANGE, row -> row.getString(1), type.oid()));
    return portable;
  }

  private void create(TypeRow type, Optional<String> statement) throws SQLException {
    if (!type.userDefined() || type.extension() != null) {
      return;
    }
    statement.ifPresentOrElse(
        sql -> found.statements().add(unlessThere(sql)),
        () -> found.unsupported().add("the type " + type.quotedName()));
    found.statements().addAll(Comments.ofType(session, type.oid()));
    found
        .statements()
        .addAll(new PrivilegeInspector(session, found).ofObject("pg_type", type.oid()));
  }

  /** CREATE TYPE knows no IF NOT EXISTS. */
  private static String unlessThere(String create) {
    return "DO LANGUAGE plpgsql "
        + Sql.literal("BEGIN " + create + "; EXCEPTION WHEN duplicate_object THEN NULL; END")
            .strip();
  }
}
