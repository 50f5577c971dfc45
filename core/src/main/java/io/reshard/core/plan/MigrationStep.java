package io.reshard.core.plan;

import java.io.Serializable;

/**
 * Keys that move from one shard to another: those that the source owns under the old topology and
 * the target under the new. {@code keyRange} is for people: {@code 40-80}, several joined by a
 * comma, or {@code remainder 1 of 3}.
 */
public record MigrationStep(
    String source, String target, String keyRange, long estimatedRows, long estimatedBytes)
    implements Serializable {
  /** The same keys on their way back. */
  MigrationStep reversed() {
    return new MigrationStep(target, source, keyRange, estimatedRows, estimatedBytes);
  }

  /** The name of the step in reports: {@code shard-0->shard-2}. */
  public String name() {
    return source + "->" + target;
  }
}
