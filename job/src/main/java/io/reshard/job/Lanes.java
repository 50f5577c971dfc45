package io.reshard.job;

import org.apache.flink.api.common.functions.Partitioner;

/**
 * Spreads blocks over writers. All blocks of one lane (a split, or a fetcher's subtask) for one
 * target go to one writer and stay in order; lanes and targets take turns over the writers.
 */
final class Lanes {
  private Lanes() {}

  /** A lane and a target in one number. */
  static Long key(int lane, int target) {
    return ((long) lane << 32) | target;
  }

  /** The partitioner for the targets of {@code migration}. */
  static Partitioner<Long> of(Migration migration) {
    int targets = migration.plan().targets().size();
    int[] position = new int[migration.plan().shardIds().size()];
    for (int index = 0; index < targets; index++) {
      position[migration.plan().shardOrdinal(migration.plan().targets().get(index))] = index;
    }
    return (key, writers) -> {
      long lane = key >>> 32;
      // A lane starts one writer further than the one before, and its targets follow in turn.
      return (int) ((lane + position[(int) (long) key]) % writers);
    };
  }
}
