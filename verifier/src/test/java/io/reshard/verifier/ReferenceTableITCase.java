package io.reshard.verifier;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.verifier.Shards.RATES;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A table that each new shard gets as a whole, from one source. */
final class ReferenceTableITCase {
  private Shards shards;

  @BeforeEach
  void start() throws Exception {
    shards = Shards.start(Shards.Setup.plain().withReference(), 600);
  }

  @Test
  void everyRowIsComparedOnEveryNewShard() throws Exception {
    VerificationReport equal = verify(VerificationMode.COUNT_AND_CHECKSUM);

    assertThat(equal.consistent()).isTrue();
    assertThat(equal.steps())
        .filteredOn(step -> step.step().equals("shard-0->shard-3"))
        .singleElement()
        .satisfies(step -> assertThat(step.sourceRows()).isEqualTo(Shards.RATES_ROWS))
        .satisfies(step -> assertThat(step.targetRows()).isEqualTo(Shards.RATES_ROWS));
  }

  @Test
  void aFaultOfOneNewShardIsFound() throws Exception {
    shards.run("shard-3", "DELETE FROM rates WHERE id = 7");
    shards.run("shard-2", "INSERT INTO rates VALUES (1000, 'more')");
    shards.run("shard-2", "UPDATE rates SET note = 'x' WHERE id = 9");
    // The source with the lowest id is read: what the others hold is not looked at.
    shards.run("shard-1", "DELETE FROM rates WHERE id = 11");
    Mismatch missing = new Mismatch(RATES, "7", MISSING);
    Mismatch extra = new Mismatch(RATES, "1000", EXTRA);
    Mismatch changed = new Mismatch(RATES, "9", DIFFERENT);

    assertThat(verify(VerificationMode.COUNT).mismatchSamples())
        .containsExactlyInAnyOrder(missing, extra);
    assertThat(verify(VerificationMode.CHECKSUM).mismatchSamples())
        .containsExactlyInAnyOrder(missing, extra, changed);
    VerificationReport both = verify(VerificationMode.COUNT_AND_CHECKSUM);
    assertThat(both.mismatchSamples()).containsExactlyInAnyOrder(missing, extra, changed);
    assertThat(both.steps())
        .filteredOn(step -> step.mismatches() > 0)
        .extracting(VerificationReport.StepTotal::step)
        .containsExactlyInAnyOrder("shard-0->shard-2", "shard-0->shard-3");
  }

  private VerificationReport verify(VerificationMode mode) throws Exception {
    return shards.verify(mode, Duration.ofSeconds(10));
  }
}
