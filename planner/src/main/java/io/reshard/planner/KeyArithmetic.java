package io.reshard.planner;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Key types whose values can be computed between two others: integers and uuids. */
enum KeyArithmetic {
  INTEGER {
    @Override
    BigInteger number(String text) {
      return new BigInteger(text);
    }

    @Override
    String text(BigInteger number) {
      return number.toString();
    }
  },
  /** PostgreSQL compares uuids as 128-bit unsigned numbers. */
  UUID {
    @Override
    BigInteger number(String text) {
      return new BigInteger(text.replace("-", ""), 16);
    }

    @Override
    String text(BigInteger number) {
      String digits = String.format("%032x", number);
      return digits.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
    }
  };

  private static final int SHARE_BITS = 52;

  abstract BigInteger number(String text);

  abstract String text(BigInteger number);

  static Optional<KeyArithmetic> of(String formatType) {
    return switch (formatType) {
      case "smallint", "integer", "bigint" -> Optional.of(INTEGER);
      case "uuid" -> Optional.of(UUID);
      default -> Optional.empty();
    };
  }

  /**
   * Cuts the key space into {@code parts} of about equal mass. {@code points} ascend, {@code
   * weights} has the mass between each two neighbours, taken as spread evenly. Gives at most {@code
   * parts - 1} strictly ascending values, fewer where the points are too near to each other.
   */
  List<String> cut(List<String> points, double[] weights, int parts) {
    List<BigInteger> numbers = points.stream().map(this::number).toList();
    double total = Arrays.stream(weights).sum();
    List<String> cuts = new ArrayList<>();
    BigInteger last = numbers.get(0);
    int bucket = 0;
    double below = 0;
    for (int cut = 1; cut < parts; cut++) {
      double wanted = total * cut / parts;
      while (bucket < weights.length - 1 && below + weights[bucket] <= wanted) {
        below += weights[bucket];
        bucket++;
      }
      double share = weights[bucket] == 0 ? 0 : (wanted - below) / weights[bucket];
      BigInteger value = between(numbers.get(bucket), numbers.get(bucket + 1), share);
      if (value.compareTo(last) > 0) {
        cuts.add(text(value));
        last = value;
      }
    }
    return cuts;
  }

  private static BigInteger between(BigInteger low, BigInteger high, double share) {
    long scaled = (long) (Math.min(1.0, Math.max(0.0, share)) * (1L << SHARE_BITS));
    return low.add(high.subtract(low).multiply(BigInteger.valueOf(scaled)).shiftRight(SHARE_BITS));
  }
}
