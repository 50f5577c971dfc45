package io.reshard.core.routing;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** Places keys by the range of values that they lie in. */
final class RangePlacement implements Placement {
  /** In ascending order. */
  private final List<Shard> owners;

  private final ShardKeyType type;
  private final KeyOrder order;

  /** The starts of all owners but the first, which has none. */
  private final Object[] starts;

  RangePlacement(Topology topology, ShardKeyType type) {
    Map<String, Shard> byStart = new HashMap<>();
    topology.owners().forEach(owner -> byStart.put(owner.from(), owner));
    List<Shard> chain = new ArrayList<>();
    for (Shard next = byStart.get(null); next != null; ) {
      chain.add(next);
      next = next.to() == null ? null : byStart.get(next.to());
    }
    this.owners = List.copyOf(chain);
    this.type = type;
    this.order =
        type.order()
            .orElseThrow(
                () ->
                    invalid(
                        "a shard key of the type "
                            + type
                            + " has no ranges; supported are smallint, integer, bigint, numeric,"
                            + " text, character varying, uuid, date and timestamp",
                        null));
    this.starts = starts();
    requireAscending();
  }

  private Object[] starts() {
    try {
      return owners.stream().skip(1).map(owner -> order.parse(owner.from())).toArray();
    } catch (IllegalArgumentException | DateTimeException e) {
      throw invalid(
          "a bound of the ranges is not a value of the shard key's type "
              + type
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private void requireAscending() {
    for (int index = 1; index < starts.length; index++) {
      if (order.compare(starts[index - 1], starts[index]) >= 0) {
        throw invalid(
            "the range of shard '"
                + owners.get(index).id()
                + "' is empty: "
                + owners.get(index).ownership()
                + " do not ascend in the shard key's type "
                + type,
            null);
      }
    }
  }

  private static ReshardingException invalid(String message, Exception cause) {
    return new ReshardingException(ErrorCode.INVALID_TOPOLOGY, message, cause);
  }

  List<Shard> owners() {
    return owners;
  }

  KeyOrder order() {
    return order;
  }

  @Override
  public Shard ofLong(long key) {
    return owner(key);
  }

  @Override
  public Shard ofText(String key) {
    return owner(order.parse(key));
  }

  @Override
  public Shard ofUuid(UUID key) {
    return owner(key.toString());
  }

  private Shard owner(Object key) {
    int low = 0;
    int high = starts.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (order.compare(starts[middle], key) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return owners.get(low);
  }

  @Override
  public SqlPlacement sql(String column, String schema) {
    String key = order.sql(column);
    String cast = "::" + type.base();
    return new SqlPlacement() {
      @Override
      public String ownedBy(Shard shard) {
        List<String> terms = new ArrayList<>();
        if (shard.from() != null) {
          terms.add(key + " >= " + Sql.literal(shard.from()) + cast);
        }
        if (shard.to() != null) {
          terms.add(key + " < " + Sql.literal(shard.to()) + cast);
        }
        return terms.isEmpty()
            ? "(" + column + " IS NOT NULL)"
            : "(" + String.join(" AND ", terms) + ")";
      }

      @Override
      public String owner(ToIntFunction<String> ordinalOf) {
        return owners.stream()
            .map(one -> " WHEN " + ownedBy(one) + " THEN " + ordinalOf.applyAsInt(one.id()))
            .collect(Collectors.joining("", "CASE", " END"));
      }
    };
  }
}
