package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * One shard: a database on a node, and what it owns; or, in the list of a table with its own
 * routing, a shard's id and what it owns of that table. Which of the components behind {@code
 * status} are there depends on the strategy; a shard with none of them owns nothing. {@code status}
 * is {@code active} where a file leaves it out.
 *
 * @param keyRange of the strategy hash
 * @param remainder of the strategy modulo
 * @param weight of the strategy ring, at least 1
 * @param from of the strategy range: a value of the shard key, included; null if open
 * @param to of the strategy range: excluded; null if open
 * @param keys of the strategy directory: values of the shard key
 * @param fallback of the strategy directory, written {@code default}: true for the shard that owns
 *     what no shard lists
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Shard(
    String id,
    String node,
    String database,
    ShardStatus status,
    KeyRange keyRange,
    Integer remainder,
    Integer weight,
    String from,
    String to,
    List<String> keys,
    @JsonProperty("default") Boolean fallback)
    implements Serializable {
  @JsonCreator
  public Shard {
    status = status == null ? ShardStatus.ACTIVE : status;
    keys = keys == null ? null : List.copyOf(keys);
  }

  /** A shard of the strategy hash or modulo. */
  public Shard(
      String id,
      String node,
      String database,
      ShardStatus status,
      KeyRange keyRange,
      Integer remainder) {
    this(id, node, database, status, keyRange, remainder, null, null, null, null, null);
  }

  public Shard withStatus(ShardStatus newStatus) {
    return new Shard(
        id, node, database, newStatus, keyRange, remainder, weight, from, to, keys, fallback);
  }

  /** The same place with what {@code other} owns. */
  public Shard withShareOf(Shard other) {
    return new Shard(
        id,
        node,
        database,
        status,
        other.keyRange,
        other.remainder,
        other.weight,
        other.from,
        other.to,
        other.keys,
        other.fallback);
  }

  public Shard withoutShare() {
    return new Shard(id, node, database, status, null, null);
  }

  /** What the shard owns under its id alone, as the list of a table has it. */
  public Shard shareOnly() {
    return new Shard(id, null, null, null, null, null).withShareOf(this);
  }

  /** Whether the shard owns what no shard of a directory lists. */
  @JsonIgnore
  public boolean isDefault() {
    return Boolean.TRUE.equals(fallback);
  }

  /** The keys of a directory; empty for none. */
  public List<String> listedKeys() {
    return keys == null ? List.of() : keys;
  }

  /** Whether the shard states a share of the keys at all. */
  public boolean statesOwnership() {
    return keyRange != null
        || remainder != null
        || weight != null
        || from != null
        || to != null
        || isDefault()
        || !listedKeys().isEmpty();
  }

  /** What the shard owns, as an operator reads it: {@code 40-80} or {@code remainder 1}. */
  public String ownership() {
    List<String> parts = new ArrayList<>();
    if (keyRange != null) {
      parts.add(keyRange.toString());
    }
    if (remainder != null) {
      parts.add("remainder " + remainder);
    }
    if (weight != null) {
      parts.add("weight " + weight);
    }
    if (from != null) {
      parts.add("from " + from);
    }
    if (to != null) {
      parts.add("to " + to);
    }
    if (!listedKeys().isEmpty()) {
      parts.add(listedKeys().size() + " keys");
    }
    if (isDefault()) {
      parts.add("default");
    }
    return parts.isEmpty() ? "nothing" : String.join(", ", parts);
  }
}
