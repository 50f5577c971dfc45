package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.UUID;

/**
 * Which owner of a topology has which keys of one type. Immutable, thread-safe, no I/O. A key comes
 * in the form of its family: see {@link KeyType}.
 */
interface Placement {
  Shard ofLong(long key);

  /** Places a key of another family, in the form that {@link ShardKeyType#canonical} gives. */
  Shard ofText(String key);

  Shard ofUuid(UUID key);

  /** The same in SQL, over a column of the type. */
  SqlPlacement sql(String column, String schema);

  /** {@code invalid_topology} if keys of the type have no place under the topology. */
  static Placement of(Topology topology, ShardKeyType type) {
    return switch (topology.routing().strategy()) {
      case HASH, RING, MODULO -> new HashPlacement(topology, type);
      case RANGE -> new RangePlacement(topology, type);
      case DIRECTORY -> new DirectoryPlacement(topology, type);
    };
  }
}
