package io.reshard.core.routing;

import java.util.UUID;

/** The integer itself. */
final class IdentityHash implements KeyHash {
  @Override
  public long ofLong(long key) {
    return key;
  }

  @Override
  public long ofText(String key) {
    throw onlyIntegers();
  }

  @Override
  public long ofUuid(UUID key) {
    throw onlyIntegers();
  }

  private static IllegalArgumentException onlyIntegers() {
    return new IllegalArgumentException("the function identity takes integers alone");
  }

  @Override
  public String sql(KeyType type, String column, String schema) {
    return "(" + column + ")::bigint";
  }

  @Override
  public boolean takes(KeyType type) {
    return type == KeyType.INTEGER;
  }
}
