package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.UUID;

/** Which owner of a topology has which keys. Immutable, thread-safe, no I/O. */
interface Placement {
  Shard ofLong(long key);

  Shard ofText(String key);

  Shard ofUuid(UUID key);

  /** Places a key that is given as text by the type of its column. */
  default Shard ofText(String key, String formatType) {
    return switch (KeyType.of(formatType)) {
      case INTEGER -> ofLong(Long.parseLong(key));
      case UUID -> ofUuid(UUID.fromString(key));
      case TEXT, OTHER -> ofText(key);
    };
  }

  /**
   * {@code invalid_topology} if keys of a type, as {@code format_type} spells it, have no place.
   */
  void check(String formatType);

  /** The same in SQL, over a column that {@link #check} accepts. */
  SqlPlacement sql(String column, String formatType, String schema);

  static Placement of(Topology topology) {
    return switch (topology.routing().strategy()) {
      case HASH, RING, MODULO -> new HashPlacement(topology);
      case RANGE -> new RangePlacement(topology);
      case DIRECTORY -> new DirectoryPlacement(topology);
    };
  }
}
