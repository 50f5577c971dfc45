package io.reshard.testkit;

import java.util.Arrays;
import java.util.List;

/**
 * A row's key and the digest of its content. Key values are Long or String; they are ordered as
 * PostgreSQL orders bigint, and text under collation "C".
 */
final class KeyedRow implements Comparable<KeyedRow> {
  private final Object[] key;
  private final String digest;

  KeyedRow(Object[] key, String digest) {
    this.key = key;
    this.digest = digest;
  }

  String digest() {
    return digest;
  }

  List<String> keyValues() {
    return Arrays.stream(key).map(String::valueOf).toList();
  }

  boolean sameKey(KeyedRow other) {
    return other != null && compareTo(other) == 0;
  }

  @Override
  public int compareTo(KeyedRow other) {
    for (int column = 0; column < key.length; column++) {
      int order = compareValues(key[column], other.key[column]);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyedRow row
        && Arrays.equals(key, row.key)
        && digest.equals(row.digest);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(key) + digest.hashCode();
  }

  private static int compareValues(Object left, Object right) {
    if (left instanceof Long number) {
      return number.compareTo((Long) right);
    }
    return compareCodePoints((String) left, (String) right);
  }

  /**
   * The order of UTF-8 bytes, which is that of code points, but not that of Java's UTF-16 units.
   */
  private static int compareCodePoints(String left, String right) {
    int shorter = Math.min(left.length(), right.length());
    for (int index = 0; index < shorter; index++) {
      char leftUnit = left.charAt(index);
      char rightUnit = right.charAt(index);
      if (leftUnit != rightUnit) {
        boolean surrogates = Character.isSurrogate(leftUnit) != Character.isSurrogate(rightUnit);
        return surrogates
            ? Boolean.compare(Character.isSurrogate(leftUnit), Character.isSurrogate(rightUnit))
            : Character.compare(leftUnit, rightUnit);
      }
    }
    return Integer.compare(left.length(), right.length());
  }
}
