package io.reshard.core.routing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** The first 8 bytes of MD5, the highest first. */
final class Md5Hash implements KeyHash {
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
    try {
      // Not a secret: MD5 spreads keys here, and the server has it built in.
      return ByteBuffer.wrap(MessageDigest.getInstance("MD5").digest(bytes)).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has MD5", e);
    }
  }

  @Override
  public String sql(KeyType type, String column, String schema) {
    return "('x' || left(md5(" + type.bytesSql(column, schema) + "), 16))::bit(64)::bigint";
  }

  @Override
  public boolean takes(KeyType type) {
    return true;
  }
}
