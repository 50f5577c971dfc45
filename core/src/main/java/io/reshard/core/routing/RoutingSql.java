package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * The SQL twin of {@link Router}: the same ownership, asked inside PostgreSQL. Expressions are
 * built over {@code column}, an SQL expression that the caller has quoted already. A null key is
 * owned by nobody (the predicates are null), and so is one that no shard of a directory lists. Some
 * functions and types need {@link RoutingFunctions} in the database.
 */
public final class RoutingSql implements TableRouting {
  /** What {@link #owner} gives where there is none. */
  public static final int NOBODY = -1;

  /** What stands for the owner of a row that lies where it belongs under neither topology. */
  public static final int STRAY = -2;

  private final Topology topology;
  private final SqlPlacement placement;

  /**
   * @param topology a topology, or a table's view of it
   * @param column a quoted column or other SQL expression of the shard key
   * @param formatType its type as {@code format_type} spells it
   */
  public RoutingSql(Topology topology, String column, String formatType) {
    this(topology, column, formatType, RoutingFunctions.SCHEMA);
  }

  /**
   * Uses functions that are elsewhere than on the shards of a migration.
   *
   * @param schema where {@link RoutingFunctions} are
   */
  public RoutingSql(Topology topology, String column, String formatType, String schema) {
    this.topology = topology;
    this.placement = Placement.of(topology, ShardKeyType.of(formatType)).sql(column, schema);
  }

  /** {@code invalid_topology} if a shard key of the type cannot be routed under the topology. */
  public static void checkType(Topology topology, String formatType) {
    Placement.of(topology, ShardKeyType.of(formatType));
  }

  @Override
  public String ownedBy(String shardId) {
    return owner(shardId).map(placement::ownedBy).orElse("false");
  }

  private Optional<Shard> owner(String shardId) {
    return topology.owners().stream().filter(shard -> shard.id().equals(shardId)).findFirst();
  }

  @Override
  public String strayOn(String shardId) {
    return "((" + ownedBy(shardId) + ") IS NOT TRUE)";
  }

  @Override
  public String owner(ToIntFunction<String> ordinalOf) {
    return "coalesce(" + placement.owner(ordinalOf) + ", " + NOBODY + ")::smallint";
  }

  @Override
  public String ownersJoin(ToIntFunction<String> ordinalOf) {
    return "";
  }
}
