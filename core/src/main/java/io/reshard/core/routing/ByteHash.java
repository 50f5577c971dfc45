package io.reshard.core.routing;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** A hash function of bytes: keys of every type are hashed by their {@link KeyBytes}. */
interface ByteHash extends KeyHash {
  long ofBytes(byte[] bytes);

  @Override
  default long ofLong(long key) {
    return ofBytes(KeyBytes.of(key));
  }

  @Override
  default long ofText(String key) {
    return ofBytes(key.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  default long ofUuid(UUID key) {
    return ofBytes(KeyBytes.of(key));
  }

  @Override
  default boolean takes(KeyType type) {
    return true;
  }
}
