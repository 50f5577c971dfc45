package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;

/**
 * One shard: a database on a node, and what it owns. {@code keyRange} belongs to the strategy hash,
 * {@code remainder} to modulo; a shard with neither owns nothing. {@code status} is {@code active}
 * where a file leaves it out.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Shard(
    String id,
    String node,
    String database,
    ShardStatus status,
    KeyRange keyRange,
    Integer remainder)
    implements Serializable {
  public Shard {
    status = status == null ? ShardStatus.ACTIVE : status;
  }

  public Shard withStatus(ShardStatus newStatus) {
    return new Shard(id, node, database, newStatus, keyRange, remainder);
  }

  /** Whether the shard states a share of the keys at all. */
  public boolean statesOwnership() {
    return keyRange != null || remainder != null;
  }

  /** What the shard owns, as an operator reads it: {@code 40-80} or {@code remainder 1}. */
  public String ownership() {
    if (keyRange != null) {
      return keyRange.toString();
    }
    return remainder == null ? "nothing" : "remainder " + remainder;
  }
}
