package io.reshard.core.routing;

/** The families of shard-key types that are hashed and compared alike. */
enum KeyType {
  INTEGER,
  TEXT,
  UUID,
  /** Everything else, by its text form under the settings that {@code key_text} pins. */
  OTHER;

  /** The family of a type without its length or precision. */
  static KeyType of(String base) {
    return switch (base) {
      case "smallint", "integer", "bigint" -> INTEGER;
      case "text", "character varying" -> TEXT;
      case "uuid" -> UUID;
      default -> OTHER;
    };
  }

  /** A key of this type in SQL, as text. */
  String textSql(String column, String schema) {
    return this == OTHER ? schema + ".key_text(" + column + ")" : "(" + column + ")::text";
  }

  /** The bytes that a hash function reads, in SQL. */
  String bytesSql(String column, String schema) {
    return switch (this) {
      case INTEGER -> schema + ".key_bytes((" + column + ")::bigint)";
      case UUID -> "uuid_send((" + column + ")::uuid)";
      case TEXT, OTHER -> "convert_to(" + textSql(column, schema) + ", 'UTF8')";
    };
  }
}
