package io.reshard.core.routing;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The first 8 bytes of MD5, the highest first. */
final class Md5Hash implements ByteHash {
  @Override
  public long ofBytes(byte[] bytes) {
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
}
