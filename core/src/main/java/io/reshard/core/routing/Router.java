package io.reshard.core.routing;

import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/**
 * Routes keys under one topology. Immutable, thread-safe, no I/O. The key's Java type must match
 * the column: {@code long} for integers, {@link String} for text, {@link UUID} for uuid.
 */
public final class Router {
  private final RoutingStrategy strategy;
  private final long[] starts;
  private final Shard[] shards;

  /** The router of a topology that {@link io.reshard.core.topology.TopologyRules} accepts. */
  public Router(Topology topology) {
    strategy = topology.routing().strategy();
    Comparator<Shard> order =
        strategy == RoutingStrategy.HASH
            ? Comparator.comparing(shard -> shard.keyRange().start(), Long::compareUnsigned)
            : Comparator.comparing(Shard::remainder);
    List<Shard> owners = topology.owners().stream().sorted(order).toList();
    shards = owners.toArray(new Shard[0]);
    starts =
        strategy == RoutingStrategy.HASH
            ? owners.stream().mapToLong(shard -> shard.keyRange().start()).toArray()
            : new long[0];
  }

  public Shard route(long key) {
    return ofHash(PostgresHash.ofLong(key));
  }

  public Shard route(String key) {
    return ofHash(PostgresHash.ofText(key));
  }

  public Shard route(UUID key) {
    return ofHash(PostgresHash.ofUuid(key));
  }

  /** Routes a key given as text by the type of its column, as {@code format_type} spells it. */
  public Shard route(String keyText, String formatType) {
    return ofHash(KeyType.of(formatType).hash(keyText));
  }

  private Shard ofHash(long hash) {
    if (strategy == RoutingStrategy.MODULO) {
      return shards[(int) Long.remainderUnsigned(hash, shards.length)];
    }
    int low = 0;
    int high = starts.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (Long.compareUnsigned(starts[middle], hash) <= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return shards[low];
  }
}
