package io.reshard.testkit;

import java.math.BigInteger;

/**
 * The ownership predicates of the {@code hash} and {@code modulo} strategies with the {@code
 * postgres} function, as SQL text in plain numeric arithmetic: slow, but it can be checked by eye
 * against PostgreSQL's {@code compute_partition_hash_value} and {@code hash_combine64}
 * (src/backend/partitioning/partbounds.c). It shares nothing with the product's own SQL.
 */
public final class ReferenceHash {
  /** HASH_PARTITION_SEED of PostgreSQL. */
  private static final String SEED = "8816678312871386365";

  /** 0x49a0f4dd15e5a8e3, which hash_combine64 adds to the hash of a one-column key. */
  private static final String COMBINE = "5305509591434766563";

  private static final String TWO_TO_64 = "18446744073709551616";
  private static final int HEX_DIGITS = 16;

  private ReferenceHash() {}

  /** The type of a shard key, and PostgreSQL's extended hash function for it. */
  public enum KeyType {
    INT8("pg_catalog.hashint8extended", "int8"),
    TEXT("pg_catalog.hashtextextended", "text"),
    UUID("pg_catalog.uuid_hash_extended", "uuid");

    private final String function;
    private final String cast;

    KeyType(String function, String cast) {
      this.function = function;
      this.cast = cast;
    }
  }

  /** The hash of a key expression as a numeric from 0 to 2^64 - 1. */
  public static String unsignedHash(String key, KeyType type) {
    String signed = type.function + "((" + key + ")::" + type.cast + ", " + SEED + ")::numeric";
    String sum = "(" + signed + " + " + COMBINE + ")";
    return "mod(mod(" + sum + ", " + TWO_TO_64 + ") + " + TWO_TO_64 + ", " + TWO_TO_64 + ")";
  }

  /**
   * True for keys whose hash lies in a key range such as {@code "40-80"}, {@code "-80"}, {@code
   * "80-"} or {@code "-"}.
   */
  public static String inKeyRange(String key, KeyType type, String keyRange) {
    int dash = keyRange.indexOf('-');
    if (dash < 0 || dash != keyRange.lastIndexOf('-')) {
      throw new IllegalArgumentException(
          "key range \"" + keyRange + "\" must hold exactly one '-'");
    }
    String hash = unsignedHash(key, type);
    String start = keyRange.substring(0, dash);
    String end = keyRange.substring(dash + 1);
    String fromStart = start.isEmpty() ? "true" : hash + " >= " + bound(start);
    String beforeEnd = end.isEmpty() ? "true" : hash + " < " + bound(end);
    return "(" + fromStart + " AND " + beforeEnd + ")";
  }

  public static String hasRemainder(String key, KeyType type, int modulus, int remainder) {
    if (modulus < 1 || remainder < 0 || remainder >= modulus) {
      throw new IllegalArgumentException(
          "remainder " + remainder + " must be at least 0 and below modulus " + modulus);
    }
    return "(mod(" + unsignedHash(key, type) + ", " + modulus + ") = " + remainder + ")";
  }

  /** A hexadecimal prefix stands for itself followed by zeros. */
  private static BigInteger bound(String prefix) {
    if (!prefix.matches("[0-9a-fA-F]{1," + HEX_DIGITS + "}")) {
      throw new IllegalArgumentException(
          "\"" + prefix + "\" is not a hexadecimal prefix of 1 to 16 digits");
    }
    return new BigInteger(prefix + "0".repeat(HEX_DIGITS - prefix.length()), 16);
  }
}
