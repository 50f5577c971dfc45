package io.reshard.job.copy;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Epoch;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.job.Migration;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.util.List;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class CopyTrackerITCase {
  /**
   * The race of a failover while indexes are due: (1) an attempt has claimed the target; (2) the
   * next attempt starts, and its tracker opens before any of its writers has claimed; (3) the
   * tracker builds the indexes that its state says are due. It must not take the older attempt's
   * claim for a later one's, which would end the job for good.
   */
  @Test
  void anAttemptThatOpensBeforeItsWritersBuildsIndexes() throws Exception {
    try (CopyShards shards = new CopyShards(ServerOptions.fast())) {
      Migration migration = shards.migration();
      try (Connection target = shards.target()) {
        Epoch older = migration.epoch("older");
        TargetEpoch.claim(target, CopyShards.OPERATION, older, CopyShards.TARGET);
      }

      OneInputStreamOperatorTestHarness<SplitCommitted, TableCopied> tracker =
          new OneInputStreamOperatorTestHarness<>(new CopyTrackerFactory(migration, List.of()));
      try {
        tracker.open();
        tracker.getTaskMailbox().take(0).run();
        assertThat(tracker.extractOutputValues()).hasSize(1);
      } finally {
        tracker.close();
      }
      assertThat(
              shards.number(
                  "SELECT count(*) FROM pg_index WHERE indrelid = 'public.item'::regclass"))
          .isEqualTo(1);
    }
  }
}
