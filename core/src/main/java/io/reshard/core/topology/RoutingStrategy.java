package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a shard key selects a shard. */
public enum RoutingStrategy {
  /** Each shard owns a range of the unsigned 64-bit hash. */
  HASH,
  /** Each shard has points on the ring of hashes, and owns what lies before each of them. */
  RING,
  /** Each shard owns one remainder of the hash divided by the number of active shards. */
  MODULO,
  /** Each shard owns a range of the shard key's values. */
  RANGE,
  /** Each shard lists the values that it owns; one may own all that no shard lists. */
  DIRECTORY;

  /** Whether the hash of a key decides, and not its value. */
  public boolean hashes() {
    return this == HASH || this == RING || this == MODULO;
  }

  /** Whether shards own ranges of the hash space. */
  public boolean dividesHashSpace() {
    return this == HASH || this == RING;
  }

  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  @JsonCreator
  public static RoutingStrategy of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
