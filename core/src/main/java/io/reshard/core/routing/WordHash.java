package io.reshard.core.routing;

import io.reshard.core.topology.HashFunction;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import net.openhft.hashing.LongHashFunction;

/** Murmur3 and xxHash64: they read their input in words, the lowest byte first. */
final class WordHash implements KeyHash {
  private final LongHashFunction function;
  private final String sqlName;

  WordHash(HashFunction function) {
    this.function =
        function == HashFunction.MURMUR3 ? LongHashFunction.murmur_3() : LongHashFunction.xx();
    this.sqlName = ".hash_" + function.text() + "(";
  }

  @Override
  public long ofLong(long key) {
    return function.hashLong(key);
  }

  @Override
  public long ofText(String key) {
    return function.hashBytes(key.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public long ofUuid(UUID key) {
    return function.hashBytes(KeyBytes.of(key));
  }

  @Override
  public String sql(KeyType type, String column, String schema) {
    return schema + sqlName + type.bytesSql(column, schema) + ")";
  }

  @Override
  public boolean takes(KeyType type) {
    return true;
  }
}
