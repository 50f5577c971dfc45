package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.UUID;

/**
 * Routes the keys of one table under one topology. Immutable, thread-safe, no I/O. A table with a
 * routing of its own needs the router of {@link Topology#viewOf}.
 *
 * <p>The type of the shard key's column decides how a key is hashed or compared: the number 5 in a
 * column of text is another key than in a column of integers. So the router is told the type, and
 * throws IllegalArgumentException for a key of a Java type that does not belong to it.
 *
 * <p>Errors: {@code key_not_routed} for a key that no shard of a directory lists.
 */
public final class Router {
  private final Placement placement;
  private final ShardKeyType type;
  private final KeyType family;

  /**
   * The router of a topology that {@link io.reshard.core.topology.TopologyRules} accepts. {@code
   * invalid_topology} if it cannot route keys of the type.
   *
   * @param formatType the type of the shard key's column with its length or precision, as {@code
   *     format_type(atttypid, atttypmod)} or DDL spells it: {@code numeric(12,2)}
   */
  public Router(Topology topology, String formatType) {
    type = ShardKeyType.of(formatType);
    family = type.family();
    placement = Placement.of(topology, type);
  }

  /** Routes a key of a smallint, integer or bigint column. */
  public Shard route(long key) {
    require(KeyType.INTEGER, "a number");
    return placement.ofLong(key);
  }

  /** Routes a key of a uuid column. */
  public Shard route(UUID key) {
    require(KeyType.UUID, "a UUID");
    return placement.ofUuid(key);
  }

  /**
   * Routes a key of a column of any type, given as text. Integers, numeric, boolean, uuid, bytea,
   * date and timestamps may be spelled in every ISO way; a timestamp with time zone needs its
   * offset. Trailing blanks of {@code character(n)} do not count. Other types are taken as the
   * server prints them. IllegalArgumentException or DateTimeException if the text is no value.
   */
  public Shard route(String key) {
    return switch (family) {
      case INTEGER -> placement.ofLong(Long.parseLong(key.strip()));
      case UUID -> placement.ofUuid(ShardKeyType.uuid(key));
      case TEXT -> placement.ofText(key);
      case OTHER -> placement.ofText(type.canonical(key));
    };
  }

  private void require(KeyType wanted, String given) {
    if (family != wanted) {
      throw new IllegalArgumentException(
          given + " is no key of a column of the type " + type + "; give it as text");
    }
  }
}
