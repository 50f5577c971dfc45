package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ChangedKeysTest {

  private static final short SOURCE = 1;

  private final ChangedKeys changed = new ChangedKeys();

  @Test
  void namesAKeyOnceWithItsNewestTransaction() {
    changed.add(row(0, "a", 7));
    changed.add(row(0, "b", 7));
    changed.add(row(1, "a", 7));
    changed.add(row(0, "a", 9));
    assertThat(changed.size()).isEqualTo(3);
    assertThat(changed.events().get(0).transactionId).isEqualTo(9);
    assertThat(changed.events().get(1).transactionId).isEqualTo(7);
    assertThat(changed.events().get(2).transactionId).isEqualTo(7);
  }

  @Test
  void tellsKeysOfSeveralColumnsApart() {
    changed.add(row(0, "a,b", 7));
    changed.add(ChangeEvent.ofRow(SOURCE, (short) 0, new String[] {"a", "b"}, 7));
    assertThat(changed.size()).isEqualTo(2);
  }

  @Test
  void namesAKeyBeforeTheHeartbeatsThatItsLaterChangesFollow() {
    changed.add(row(0, "a", 7));
    changed.add(ChangeEvent.ofHeartbeat(SOURCE, 8, 1, 100));
    changed.add(row(0, "b", 9));
    changed.add(row(0, "a", 10));
    changed.add(ChangeEvent.ofHeartbeat(SOURCE, 11, 2, 200));
    assertThat(changed.events())
        .extracting(event -> event.transactionId)
        .containsExactly(10L, 8L, 9L, 11L);
  }

  private static ChangeEvent row(int table, String key, long transactionId) {
    return ChangeEvent.ofRow(SOURCE, (short) table, new String[] {key}, transactionId);
  }
}
