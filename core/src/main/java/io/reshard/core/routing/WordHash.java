package io.reshard.core.routing;

import io.reshard.core.topology.HashFunction;
import net.openhft.hashing.LongHashFunction;

/** Murmur3 and xxHash64: they read their input in words, the lowest byte first. */
final class WordHash implements ByteHash {
  private final LongHashFunction function;
  private final String sqlName;

  WordHash(HashFunction function) {
    this.function =
        function == HashFunction.MURMUR3 ? LongHashFunction.murmur_3() : LongHashFunction.xx();
    this.sqlName = ".hash_" + function.text() + "(";
  }

  /** What {@link #ofBytes} gives, without an array. */
  @Override
  public long ofLong(long key) {
    return function.hashLong(key);
  }

  @Override
  public long ofBytes(byte[] bytes) {
    return function.hashBytes(bytes);
  }

  @Override
  public String sql(KeyType type, String column, String schema) {
    return schema + sqlName + type.bytesSql(column, schema) + ")";
  }
}
