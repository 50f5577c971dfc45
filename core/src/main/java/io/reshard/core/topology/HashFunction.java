package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The function that turns a shard key into an unsigned hash. Integers are hashed as 8 bytes, two's
 * complement, the lowest byte first; text as UTF-8; a uuid as its 16 bytes; other types as
 * PostgreSQL prints them. {@link #POSTGRES} alone hashes as the server does, by the column's type.
 */
public enum HashFunction {
  /** PostgreSQL's own hash partitioning; see {@link io.reshard.core.routing.PostgresHash}. */
  POSTGRES,
  /** The first half of MurmurHash3, x64, 128 bits, seed 0. */
  MURMUR3,
  /** XXH64, seed 0. */
  XXHASH64,
  /**
   * CRC-32 of IEEE 802.3. Its 32 bits are the number that {@code modulo} divides; key ranges and
   * rings take them as the first 8 of their 16 hexadecimal digits.
   */
  CRC32,
  /** The first 8 of the 16 bytes of MD5, the highest first: the first 16 digits of its text. */
  MD5,
  /** The integer itself; a negative one is taken modulo 2^64. */
  IDENTITY;

  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  @JsonCreator
  public static HashFunction of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
