package io.reshard.core.routing;

import io.reshard.core.topology.HashFunction;
import java.util.UUID;

/** A hash function of shard keys, in Java and as its twin in SQL. Stateless, thread-safe. */
interface KeyHash {
  long ofLong(long key);

  long ofText(String key);

  long ofUuid(UUID key);

  /**
   * A bigint expression; plus {@link #sqlOffset()}, modulo 2^64 and taken as unsigned, it is the
   * hash. Null for a null key.
   *
   * @param schema where {@link RoutingFunctions} are
   */
  String sql(KeyType type, String column, String schema);

  default long sqlOffset() {
    return 0;
  }

  /** How many bits the hash has: 32 or 64. */
  default int bits() {
    return Long.SIZE;
  }

  /** Whether keys of {@code type} can be hashed. */
  boolean takes(KeyType type);

  static KeyHash of(HashFunction function) {
    return switch (function) {
      case POSTGRES -> new PartitionKeyHash();
      case MURMUR3, XXHASH64 -> new WordHash(function);
      case CRC32 -> new Crc32Hash();
      case MD5 -> new Md5Hash();
      case IDENTITY -> new IdentityHash();
    };
  }
}
