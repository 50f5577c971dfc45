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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** Places keys by the range of values that they lie in. */
final class RangePlacement implements Placement {
  /** In ascending order. */
  private final List<Shard> owners;

  private final Map<KeyOrder, Object[]> bounds = new ConcurrentHashMap<>();

  RangePlacement(Topology topology) {
    Map<String, Shard> byStart = new HashMap<>();
    topology.owners().forEach(owner -> byStart.put(owner.from(), owner));
    List<Shard> chain = new ArrayList<>();
    for (Shard next = byStart.get(null); next != null; ) {
      chain.add(next);
      next = next.to() == null ? null : byStart.get(next.to());
    }
    this.owners = List.copyOf(chain);
  }

  List<Shard> owners() {
    return owners;
  }

  @Override
  public Shard ofLong(long key) {
    return owner(KeyOrder.INTEGER, key);
  }

  @Override
  public Shard ofText(String key) {
    return owner(KeyOrder.TEXT, KeyOrder.TEXT.parse(key));
  }

  @Override
  public Shard ofUuid(UUID key) {
    return owner(KeyOrder.UUID, key.toString());
  }

  @Override
  public Shard ofText(String key, String formatType) {
    KeyOrder order = order(formatType);
    return owner(order, order.parse(key));
  }

  private Shard owner(KeyOrder order, Object key) {
    Object[] starts = bounds.computeIfAbsent(order, this::parsed);
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

  /** The starts of all owners but the first, which has none. */
  private Object[] parsed(KeyOrder order) {
    return owners.stream().skip(1).map(owner -> order.parse(owner.from())).toArray();
  }

  @Override
  public void check(String formatType) {
    KeyOrder order = order(formatType);
    Object[] starts;
    try {
      starts = parsed(order);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY,
          "a bound of the ranges is not a value of the shard key's type "
              + formatType
              + ": "
              + e.getMessage(),
          e);
    }
    for (int index = 1; index < starts.length; index++) {
      if (order.compare(starts[index - 1], starts[index]) >= 0) {
        throw new ReshardingException(
            ErrorCode.INVALID_TOPOLOGY,
            "the range of shard '"
                + owners.get(index).id()
                + "' is empty: "
                + owners.get(index).ownership()
                + " do not ascend in the shard key's type "
                + formatType);
      }
    }
  }

  private static KeyOrder order(String formatType) {
    return KeyOrder.of(formatType)
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.INVALID_TOPOLOGY,
                    "a shard key of the type "
                        + formatType
                        + " has no ranges; supported are smallint, integer, bigint, numeric, text,"
                        + " character varying, uuid, date and timestamp"));
  }

  @Override
  public SqlPlacement sql(String column, String formatType, String schema) {
    String key = order(formatType).sql(column);
    String type = "::" + KeyType.baseOf(formatType);
    return new SqlPlacement() {
      @Override
      public String ownedBy(Shard shard) {
        List<String> terms = new ArrayList<>();
        if (shard.from() != null) {
          terms.add(key + " >= " + Sql.literal(shard.from()) + type);
        }
        if (shard.to() != null) {
          terms.add(key + " < " + Sql.literal(shard.to()) + type);
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
