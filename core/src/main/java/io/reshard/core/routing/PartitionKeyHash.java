package io.reshard.core.routing;

import java.util.UUID;

/** The hash of PostgreSQL's hash partitioning. */
final class PartitionKeyHash implements KeyHash {
  @Override
  public long ofLong(long key) {
    return PostgresHash.ofLong(key);
  }

  @Override
  public long ofText(String key) {
    return PostgresHash.ofText(key);
  }

  @Override
  public long ofUuid(UUID key) {
    return PostgresHash.ofUuid(key);
  }

  @Override
  public String sql(KeyType type, String column, String schema) {
    String seeded = ", " + PostgresHash.PARTITION_SEED + ")";
    return switch (type) {
      case INTEGER -> "hashint8extended((" + column + ")::bigint" + seeded;
      // A deterministic collation hashes the bytes, as "C" does; naming it keeps all sides equal.
      case TEXT -> "hashtextextended((" + column + ")::text COLLATE \"C\"" + seeded;
      case UUID -> "uuid_hash_extended((" + column + ")::uuid" + seeded;
      case OTHER -> throw new IllegalArgumentException("not hashed: " + column);
    };
  }

  @Override
  public long sqlOffset() {
    return PostgresHash.COMBINE_OFFSET;
  }

  /** Of other types the server hashes the value, not the text. */
  @Override
  public boolean takes(KeyType type) {
    return type != KeyType.OTHER;
  }
}
