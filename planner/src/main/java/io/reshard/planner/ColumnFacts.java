package io.reshard.planner;

import io.reshard.core.plan.Column;
import io.reshard.core.postgres.Sql;
import java.util.List;

/**
 * A column as the catalog of one shard has it.
 *
 * @param type as {@code format_type} spells it, with its schema where it is not built in
 * @param defaultExpression the default, or the expression of a generated column; or null
 * @param generated how it is generated, as the catalog's letter; empty for an ordinary column
 * @param identity the clause of an identity column, with its sequence; or null
 * @param collation quoted, if it is not the type's own; or null
 * @param deterministic whether equal values of the collation are equal bytes
 * @param settings what only ALTER COLUMN can say (storage, compression), each without its head
 */
record ColumnFacts(
    String name,
    String type,
    long typeOid,
    boolean notNull,
    String defaultExpression,
    String generated,
    String identity,
    String collation,
    boolean deterministic,
    List<String> settings) {

  Column planned() {
    return new Column(name, type, isGenerated());
  }

  boolean isGenerated() {
    return !generated.isEmpty();
  }

  /** The column's line in CREATE TABLE. */
  String definition() {
    StringBuilder line = new StringBuilder(Sql.identifier(name)).append(' ').append(type);
    if (collation != null) {
      line.append(" COLLATE ").append(collation);
    }
    if (isGenerated()) {
      line.append(" GENERATED ALWAYS AS (").append(defaultExpression).append(')');
      line.append(generated.equals("s") ? " STORED" : " VIRTUAL");
    } else if (identity != null) {
      line.append(' ').append(identity);
    } else if (defaultExpression != null) {
      line.append(" DEFAULT ").append(defaultExpression);
    }
    return notNull ? line.append(" NOT NULL").toString() : line.toString();
  }
}
