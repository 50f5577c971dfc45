package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.plan.Split;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A split with many more rows than expected is read in parts. */
final class StepReaderITCase {
  private static final int BUCKETS = 16;

  @Test
  void narrowsALargeSplitDownToTheBucketThatDiffers() throws Exception {
    Shards shards = Shards.start(1_500);
    String id = shards.value("shard-3", "SELECT min(id) FROM orders");
    shards.run("shard-3", "DELETE FROM orders WHERE id = " + id);
    Split all = new Split(0, 0, "shard-1", null, null, 0);
    Verification verification =
        new Verification(
            shards.plan(),
            shards.secrets(),
            "run",
            VerificationMode.COUNT_AND_CHECKSUM,
            10,
            false,
            Duration.ZERO);

    try (ShardSessions sessions = new ShardSessions(verification);
        StopSignal stop = new StopSignal(verification);
        ReadingTurns turns = new ReadingTurns(verification, stop)) {
      StepReader reader =
          new StepReader(
              sessions,
              turns,
              new StepSql(verification.plan(), verification.mode(), 0, "shard-1"),
              "shard-1",
              "shard-3");

      Set<Integer> differing = reader.differingBuckets(all, BUCKETS);

      assertThat(differing).hasSize(1);
      assertThat(reader.differingKeys(all, differing.iterator().next(), BUCKETS))
          .containsExactly(List.of(id));
      assertThat(reader.differingKeys(all, (differing.iterator().next() + 1) % BUCKETS, BUCKETS))
          .isEmpty();
    }
  }
}
