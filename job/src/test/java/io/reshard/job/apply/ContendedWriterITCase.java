package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ReshardingException;
import io.reshard.job.target.TargetSessions;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContendedWriterITCase {
  /** Two rows that collide are tried again for seconds: an end of the task must not wait for it. */
  @Test
  void itGivesUpWhenItsTaskIsEnded() throws Exception {
    ItemShards shards = new ItemShards();
    shards.reset(1);
    String same = "UPDATE item SET code = 'same'";
    shards.run(0, same);
    shards.run(1, same);
    shards.run(ItemShards.TARGET, same + " WHERE id = 2");
    FreshRows rows = new FreshRows(shards.migration(), "test");
    try (TargetSessions sessions = shards.newAttempt();
        ContendedWriter writer =
            new ContendedWriter(
                shards.migration(), sessions, rows, new WriteCheck(shards.migration()))) {
      ChangeBlock block = rows.read(0, 1, ItemShards.TARGET, List.of(List.of("3")));
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> writer.write(block))
          .isInstanceOf(ReshardingException.class)
          .hasMessageContaining("the task was ended");
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
