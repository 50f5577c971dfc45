package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;
import java.util.List;

/**
 * How one table is spread over the shards: by its {@code shardKey} column, or, if {@code reference}
 * is true, as the same full copy on every shard. {@code name} is {@code schema.table}.
 *
 * @param routing the table's own routing, or null for the topology's
 * @param shards ids of shards with what they own of this table; there if {@code routing} is
 * @param globalKeys columns whose values no two shards make, although each shard's sequence counts
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record TableRule(
    String name,
    String shardKey,
    boolean reference,
    Routing routing,
    List<Shard> shards,
    List<String> globalKeys)
    implements Serializable {
  @JsonCreator
  public TableRule {
    shards = shards == null ? null : List.copyOf(shards);
    globalKeys = globalKeys == null || globalKeys.isEmpty() ? null : List.copyOf(globalKeys);
  }

  /** A table that is routed as the topology says. */
  public TableRule(String name, String shardKey, boolean reference) {
    this(name, shardKey, reference, null, null, null);
  }

  /** The schema part of the name; {@code public} where it has none. */
  public String schema() {
    int dot = name.indexOf('.');
    return dot < 0 ? "public" : name.substring(0, dot);
  }

  /** The table part of the name. */
  public String table() {
    return name.substring(name.indexOf('.') + 1);
  }

  /** The table's own shares; empty if it has none. */
  public List<Shard> ownShards() {
    return shards == null ? List.of() : shards;
  }

  /** Whether no two shards ever give one value of {@code column} to two rows. */
  public boolean isGlobal(String column) {
    return globalKeys != null && globalKeys.contains(column);
  }

  public TableRule withRouting(Routing newRouting, List<Shard> newShards) {
    return new TableRule(name, shardKey, reference, newRouting, newShards, globalKeys);
  }

  public TableRule withoutRouting() {
    return withRouting(null, null);
  }
}
