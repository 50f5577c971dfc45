package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of the unsigned 64-bit hash, start included and end excluded, written as two hexadecimal
 * prefixes: {@code 40-80} is [0x4000000000000000, 0x8000000000000000). An empty prefix is open. The
 * notation is that of Vitess key ranges (Vitess documentation, "Sharding: Key Ranges").
 *
 * <p>{@code end} 0 stands for 2^64, so no range is empty: {@code start < end} or {@code end == 0}.
 */
@JsonDeserialize(using = KeyRangeReader.class)
public record KeyRange(long start, long end) implements Serializable {
  private static final Pattern TEXT = Pattern.compile("([0-9a-fA-F]{0,16})-([0-9a-fA-F]{0,16})");

  public KeyRange {
    if (end != 0 && Long.compareUnsigned(start, end) >= 0) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY,
          "the key range "
              + prefix(start)
              + "-"
              + prefix(end)
              + " is empty: its start is not"
              + " below its end");
    }
  }

  /** Parses {@code 40-80}; the error {@code invalid_topology} names the text and the rule. */
  public static KeyRange parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY,
          "the key range '"
              + text
              + "' is not two hexadecimal prefixes of at most 16 digits joined"
              + " by '-', such as 40-80 or 80-");
    }
    return new KeyRange(bound(matcher.group(1)), bound(matcher.group(2)));
  }

  private static long bound(String prefix) {
    String padded = (prefix + "0000000000000000").substring(0, 16);
    return Long.parseUnsignedLong(padded, 16);
  }

  public boolean contains(long hash) {
    return Long.compareUnsigned(start, hash) <= 0
        && (end == 0 || Long.compareUnsigned(hash, end) < 0);
  }

  /** The common part of both ranges, or null if there is none. */
  public KeyRange intersect(KeyRange other) {
    long low = Long.compareUnsigned(start, other.start) >= 0 ? start : other.start;
    long high;
    if (end == 0 || other.end == 0) {
      high = end == 0 ? other.end : end;
    } else {
      high = Long.compareUnsigned(end, other.end) <= 0 ? end : other.end;
    }
    return high != 0 && Long.compareUnsigned(low, high) >= 0 ? null : new KeyRange(low, high);
  }

  /** The share of the whole hash space, above 0.0 and at most 1.0. */
  public double fraction() {
    double size = (end == 0 ? 0x1p64 : unsigned(end)) - unsigned(start);
    return size / 0x1p64;
  }

  private static double unsigned(long value) {
    return (double) (value >>> 1) * 2.0 + (value & 1);
  }

  @JsonValue
  @Override
  public String toString() {
    return prefix(start) + "-" + prefix(end);
  }

  private static String prefix(long bound) {
    if (bound == 0) {
      return "";
    }
    String digits = String.format("%016x", bound).replaceAll("0+$", "");
    return digits.length() % 2 == 0 ? digits : digits + "0";
  }
}
