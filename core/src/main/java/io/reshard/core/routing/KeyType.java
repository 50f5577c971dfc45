package io.reshard.core.routing;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.UUID;

/** The families of shard-key types that are hashed alike. */
enum KeyType {
  INTEGER {
    @Override
    long hash(Object key) {
      return PostgresHash.ofLong(
          key instanceof Number number ? number.longValue() : Long.parseLong(key.toString()));
    }

    @Override
    String rawHashSql(String expression) {
      return "hashint8extended((" + expression + ")::bigint, " + PostgresHash.PARTITION_SEED + ")";
    }
  },
  TEXT {
    @Override
    long hash(Object key) {
      return PostgresHash.ofText(key.toString());
    }

    // A deterministic collation hashes the bytes, as "C" does; naming it keeps the two sides equal.
    @Override
    String rawHashSql(String expression) {
      return "hashtextextended(("
          + expression
          + ")::text COLLATE \"C\", "
          + PostgresHash.PARTITION_SEED
          + ")";
    }
  },
  UUID {
    @Override
    long hash(Object key) {
      return PostgresHash.ofUuid(
          key instanceof UUID uuid ? uuid : java.util.UUID.fromString(key.toString()));
    }

    @Override
    String rawHashSql(String expression) {
      return "uuid_hash_extended((" + expression + ")::uuid, " + PostgresHash.PARTITION_SEED + ")";
    }
  };

  /** The unsigned partition hash of {@code key}. */
  abstract long hash(Object key);

  /** The same hash in SQL, less {@link PostgresHash#COMBINE_OFFSET}. */
  abstract String rawHashSql(String expression);

  /** The family of a type as {@code format_type} spells it; {@code invalid_topology} if none. */
  static KeyType of(String formatType) {
    String base = formatType.replaceFirst("\\(.*\\)", "");
    return switch (base) {
      case "smallint", "integer", "bigint" -> INTEGER;
      case "text", "character varying" -> TEXT;
      case "uuid" -> UUID;
      default ->
          throw new ReshardingException(
              ErrorCode.INVALID_TOPOLOGY,
              "a shard key of the type "
                  + formatType
                  + " cannot be routed; supported are smallint, integer, bigint, text, character"
                  + " varying and uuid");
    };
  }
}
