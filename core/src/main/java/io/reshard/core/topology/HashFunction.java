package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The function that turns a shard key into an unsigned 64-bit hash. */
public enum HashFunction {
  /** PostgreSQL's own hash partitioning; see {@link io.reshard.core.routing.PostgresHash}. */
  POSTGRES;

  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  @JsonCreator
  public static HashFunction of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
