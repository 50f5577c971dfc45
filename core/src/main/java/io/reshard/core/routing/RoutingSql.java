package io.reshard.core.routing;

import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * The SQL twin of {@link Router}: the same ownership, asked inside PostgreSQL. Expressions are
 * built over {@code column}, an SQL expression that the caller has quoted already. A null key is
 * owned by nobody (the predicates are null).
 */
public final class RoutingSql {
  private final Topology topology;
  private final String column;
  private final String rawHash;

  /**
   * @param column a quoted column or other SQL expression of the shard key
   * @param formatType its type as {@code format_type} spells it
   */
  public RoutingSql(Topology topology, String column, String formatType) {
    this.topology = topology;
    this.column = column;
    this.rawHash = KeyType.of(formatType).rawHashSql(column);
  }

  /** {@code invalid_topology} if a shard key of the type cannot be routed. */
  public static void checkType(String formatType) {
    KeyType.of(formatType);
  }

  /** A boolean expression: the row belongs to {@code shardId} under the topology. */
  public String ownedBy(String shardId) {
    return topology.owners().stream()
        .filter(shard -> shard.id().equals(shardId))
        .findFirst()
        .map(this::predicate)
        .orElse("false");
  }

  /** A boolean expression, never null: the row does not belong to {@code shardId}. */
  public String strayOn(String shardId) {
    return "((" + ownedBy(shardId) + ") IS NOT TRUE)";
  }

  /** A smallint expression: the ordinal of the row's owner as {@code ordinalOf} numbers shards. */
  public String owner(ToIntFunction<String> ordinalOf) {
    List<Shard> owners = topology.owners();
    String cases =
        owners.stream()
            .limit(owners.size() - 1L)
            .map(shard -> " WHEN " + predicate(shard) + " THEN " + ordinalOf.applyAsInt(shard.id()))
            .collect(Collectors.joining());
    int last = ordinalOf.applyAsInt(owners.get(owners.size() - 1).id());
    // The last owner needs no test, as the shares cover the space; a null key has no owner.
    return "(CASE WHEN "
        + column
        + " IS NULL THEN -1"
        + cases
        + " ELSE "
        + last
        + " END)::smallint";
  }

  private String predicate(Shard shard) {
    return topology.routing().strategy() == RoutingStrategy.HASH
        ? inRange(shard.keyRange())
        : hasRemainder(shard.remainder(), topology.owners().size());
  }

  /**
   * SQL has no unsigned 64-bit arithmetic and its addition fails on overflow, so the offset is
   * taken off the bounds instead of being added to the hash. The shifted range may wrap around the
   * end of the signed numbers; then it is two ranges.
   */
  private String inRange(KeyRange range) {
    if (range.start() == 0 && range.end() == 0) {
      return "(" + column + " IS NOT NULL)";
    }
    long start = range.start() - PostgresHash.COMBINE_OFFSET;
    long last = range.end() - 1 - PostgresHash.COMBINE_OFFSET;
    if (start <= last) {
      return "(" + rawHash + " BETWEEN " + literal(start) + " AND " + literal(last) + ")";
    }
    return "(" + rawHash + " NOT BETWEEN " + literal(last + 1) + " AND " + literal(start - 1) + ")";
  }

  private String hasRemainder(int remainder, int modulus) {
    // numeric holds the unsigned sum exactly; bit 64 and above are dropped by the inner modulo.
    return "(mod(mod("
        + rawHash
        + "::numeric + "
        + Long.toUnsignedString(PostgresHash.COMBINE_OFFSET)
        + " + 18446744073709551616, 18446744073709551616), "
        + modulus
        + ") = "
        + remainder
        + ")";
  }

  private static String literal(long value) {
    // -9223372036854775808 written plainly is a negated out-of-range number.
    return value == Long.MIN_VALUE ? "(-9223372036854775807 - 1)" : "(" + value + ")";
  }
}
