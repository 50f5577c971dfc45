package io.reshard.core.routing;

import java.util.zip.CRC32;

/** CRC-32: 32 bits, as a number from 0 to 2^32 - 1. */
final class Crc32Hash implements ByteHash {
  @Override
  public long ofBytes(byte[] bytes) {
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
}
