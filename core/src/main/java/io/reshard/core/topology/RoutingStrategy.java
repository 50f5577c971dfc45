package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How the hash of a shard key selects a shard. */
public enum RoutingStrategy {
  /** Each shard owns a range of the unsigned 64-bit hash. */
  HASH,
  /** Each shard owns one remainder of the hash divided by the number of active shards. */
  MODULO;

  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  @JsonCreator
  public static RoutingStrategy of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
