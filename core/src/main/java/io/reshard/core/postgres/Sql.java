package io.reshard.core.postgres;

import java.util.Collection;
import java.util.stream.Collectors;

/** Quoting of identifiers and literals: the only place that does it. */
public final class Sql {
  private Sql() {}

  /** {@code name} as a quoted identifier (PostgreSQL manual, chapter 4.1.1). */
  public static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** A quoted name with its schema. */
  public static String qualified(String schema, String name) {
    return identifier(schema) + "." + identifier(name);
  }

  /** Quoted identifiers, separated by commas. */
  public static String identifiers(Collection<String> names) {
    return names.stream().map(Sql::identifier).collect(Collectors.joining(", "));
  }

  /** Quoted identifiers behind a table alias, separated by commas. */
  public static String identifiers(String alias, Collection<String> names) {
    return names.stream()
        .map(name -> alias + "." + identifier(name))
        .collect(Collectors.joining(", "));
  }

  /** {@code value} as a string literal, for statements that take no parameters. */
  public static String literal(String value) {
    String doubled = value.replace("'", "''");
    return doubled.indexOf('\\') < 0
        ? "'" + doubled + "'"
        : " E'" + doubled.replace("\\", "\\\\") + "'";
  }
}
