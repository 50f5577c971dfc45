package io.reshard.core.routing;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32;

/** CRC-32: 32 bits, as a number from 0 to 2^32 - 1. */
final class Crc32Hash implements KeyHash {
  @Override
  public long ofLong(long key) {
    return ofBytes(KeyBytes.of(key));
  }

  @Override
  public long ofText(String key) {
    return ofBytes(key.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public long ofUuid(UUID key) {
    return ofBytes(KeyBytes.of(key));
  }

  private static long ofBytes(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, bytes.length);
    return crc.getValue();
  }

  @Override
  public String sql(KeyType type, String column, String schema) {
    return schema + ".hash_crc32(" + type.bytesSql(column, schema) + ")";
  }

  @Override
  public int bits() {
    return Integer.SIZE;
  }

  @Override
  public boolean takes(KeyType type) {
    return true;
  }
}
