package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The life of a shard. Only {@link #ACTIVE} shards take part in routing. */
public enum ShardStatus {
  ACTIVE,
  PENDING,
  TO_BE_DELETED,
  FAILED;

  /** The spelling in files and in the control database, such as {@code to_be_deleted}. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The status spelled {@code text}; {@link IllegalArgumentException} if there is none. */
  @JsonCreator
  public static ShardStatus of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
