package io.reshard.planner;

import io.reshard.core.postgres.Sql;

/**
 * A sequence that a table owns or that one of its defaults uses.
 *
 * @param ownerColumn the column that owns it, or null
 * @param identity whether it is made together with an identity column
 * @param settable whether the session's role may read it and set it
 */
record SequenceFacts(
    String schema,
    String name,
    String type,
    String parameters,
    String ownerColumn,
    boolean identity,
    boolean settable) {

  String quotedName() {
    return Sql.qualified(schema, name);
  }

  String displayName() {
    return schema + "." + name;
  }

  String createStatement() {
    return "CREATE SEQUENCE IF NOT EXISTS " + quotedName() + " AS " + type + " " + parameters;
  }
}
