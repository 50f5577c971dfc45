package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;

/**
 * How one table is spread over the shards: by its {@code shardKey} column, or, if {@code reference}
 * is true, as the same full copy on every shard. {@code name} is {@code schema.table}.
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record TableRule(String name, String shardKey, boolean reference) implements Serializable {
  /** The schema part of the name; {@code public} where it has none. */
  public String schema() {
    int dot = name.indexOf('.');
    return dot < 0 ? "public" : name.substring(0, dot);
  }

  /** The table part of the name. */
  public String table() {
    return name.substring(name.indexOf('.') + 1);
  }
}
