package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.UUID;

/**
 * Routes keys under one topology. Immutable, thread-safe, no I/O. The key's Java type must match
 * the column: {@code long} for integers, {@link String} for text and for all other types, in the
 * text form that PostgreSQL gives them, {@link UUID} for uuid. A table with a routing of its own
 * needs the router of {@link Topology#viewOf}.
 *
 * <p>Errors: {@code key_not_routed} for a key that no shard of a directory lists.
 */
public final class Router {
  private final Placement placement;

  /** The router of a topology that {@link io.reshard.core.topology.TopologyRules} accepts. */
  public Router(Topology topology) {
    placement = Placement.of(topology);
  }

  public Shard route(long key) {
    return placement.ofLong(key);
  }

  public Shard route(String key) {
    return placement.ofText(key);
  }

  public Shard route(UUID key) {
    return placement.ofUuid(key);
  }

  /**
   * Routes a key given as text by the type of its column, as {@code format_type} spells it. {@code
   * invalid_topology} if the topology cannot route that type; IllegalArgumentException or
   * DateTimeException if the text is no value of it.
   */
  public Shard route(String keyText, String formatType) {
    placement.check(formatType);
    return placement.ofText(keyText, formatType);
  }
}
