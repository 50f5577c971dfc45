package io.reshard.job.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.plan.Split;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A split of several blocks at a byte rate: no open transaction on its target may wait for it. */
class CopySplitReaderITCase {
  private static final int MOVED_ROWS_AT_LEAST = 70_000;
  private static final Throttle SLOW = new Throttle(1_000_000L, null, null, null);
  private static final Throttle STANDING_STILL = new Throttle(1L, null, null, null);

  private CopyShards shards;
  private ThrottleStore throttles;
  private CopySplitReader reader;
  private final List<CopyBlock> blocks = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    shards = new CopyShards(ServerOptions.fast());
    try (Connection source = shards.server().connection("app_0");
        Statement statement = source.createStatement()) {
      statement.execute("CREATE TABLE item (id bigint NOT NULL)");
      statement.execute("INSERT INTO item SELECT generate_series(1, 160000)");
    }
    throttles =
        new ThrottleStore(new ControlDatabase(shards.migration().secrets().control().endpoint()));
    reader = new CopySplitReader(shards.migration(), 0);
    reader.handleSplitsChanges(
        new SplitsAddition<>(
            List.of(new CopySplit(new Split(0, 0, "shard-0", null, null, 80_000)))));
  }

  @AfterEach
  void stop() throws Exception {
    reader.close();
    shards.close();
  }

  @Test
  void aSplitThatIsWaitedForIsHandedOnAtItsEnd() throws Exception {
    throttles.set(CopyShards.OPERATION, SLOW);
    int fetches = 0;
    boolean finished = false;
    while (blocks.isEmpty()) {
      finished = fetch();
      fetches++;
    }

    assertThat(finished).isTrue();
    assertThat(fetches).as("fetches, among them some that only waited").isGreaterThan(5);
    assertThatTheSplitIsWhole();
  }

  @Test
  void aSplitOfWhichABlockWasHandedOnWaitsNoMore() throws Exception {
    assertThat(fetch()).isFalse();
    assertThat(blocks).hasSize(1);
    throttles.set(CopyShards.OPERATION, STANDING_STILL);
    // By then the reader would look at the throttle again.
    await().pollDelay(Duration.ofMillis(1100)).until(() -> true);
    int fetches = 1;
    while (!fetch()) {
      fetches++;
      assertThat(fetches).isLessThan(20);
    }

    assertThatTheSplitIsWhole();
  }

  private void assertThatTheSplitIsWhole() {
    assertThat(blocks).hasSizeGreaterThan(3);
    assertThat(blocks.stream().mapToInt(block -> block.rows).sum())
        .isGreaterThan(MOVED_ROWS_AT_LEAST);
    for (int place = 0; place < blocks.size(); place++) {
      assertThat(blocks.get(place).sequence).isEqualTo(place);
      assertThat(blocks.get(place).last).isEqualTo(place == blocks.size() - 1);
    }
  }

  /** Whether the split has ended. */
  private boolean fetch() throws Exception {
    RecordsWithSplitIds<CopyBlock> records = reader.fetch();
    while (records.nextSplit() != null) {
      for (CopyBlock block = records.nextRecordFromSplit();
          block != null;
          block = records.nextRecordFromSplit()) {
        blocks.add(block);
      }
    }
    return !records.finishedSplits().isEmpty();
  }
}
