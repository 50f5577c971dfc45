package io.reshard.core.routing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** Keys as the bytes that are hashed. */
final class KeyBytes {
  private KeyBytes() {}

  /** Two's complement, the lowest byte first. */
  static byte[] of(long key) {
    return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(key).array();
  }

  /** The 16 bytes in the order in which they are written. */
  static byte[] of(UUID key) {
    return ByteBuffer.allocate(2 * Long.BYTES)
        .putLong(key.getMostSignificantBits())
        .putLong(key.getLeastSignificantBits())
        .array();
  }
}
