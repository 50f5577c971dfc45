package io.reshard.job.gate;

import io.reshard.job.change.ChangeEvent;
import java.util.Arrays;
import org.apache.flink.api.java.functions.KeySelector;

/**
 * The Flink key of a change: its table and a hash of its primary key. The source takes no part, so
 * that two sources that hold the same primary key meet in one subtask. A bucket holds many keys,
 * which lets parked ones be released in slices.
 */
public final class Bucket implements KeySelector<ChangeEvent, Integer> {
  private static final long serialVersionUID = 1L;
  private static final int PER_TABLE = 1024;

  @Override
  public Integer getKey(ChangeEvent event) {
    int hash = Arrays.hashCode(event.key);
    return event.table * PER_TABLE + Math.floorMod(hash ^ (hash >>> 16), PER_TABLE);
  }

  /** The ordinal of the bucket's table. */
  public static short table(int bucket) {
    return (short) (bucket / PER_TABLE);
  }
}
