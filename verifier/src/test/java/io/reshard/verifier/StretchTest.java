package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Throttle;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StretchTest {
  private static final long BYTES_PER_SPLIT = 100;
  private static final Plan PLAN = plan();

  @Test
  void splitsThatFollowOneAnotherAreReadAtOnce() {
    assertThat(ids(PLAN.splits(), Long.MAX_VALUE)).containsExactly(List.of(0, 2, 4), List.of(1, 3));
    assertThat(Stretch.of(PLAN, PLAN.splits(), Long.MAX_VALUE)).allMatch(Stretch::coversTable);
  }

  @Test
  void theRangeIsThatOfAllItsSplits() {
    Stretch stretch = new Stretch(PLAN.splits().stream().filter(s -> s.id() % 2 == 0).toList());

    assertThat(new Stretch(stretch.splits().subList(1, 3)).range())
        .isEqualTo(new Split(2, 0, "a", List.of("10"), null, 14));
    assertThat(Stretch.parse(stretch.json())).isEqualTo(stretch);
  }

  @Test
  void aSplitThatIsDoneEndsAStretch() {
    List<Split> open = PLAN.splits().stream().filter(split -> split.id() != 2).toList();

    assertThat(ids(open, Long.MAX_VALUE)).containsExactly(List.of(0), List.of(4), List.of(1, 3));
    assertThat(Stretch.of(PLAN, open, Long.MAX_VALUE).get(0).coversTable()).isFalse();
  }

  @Test
  void aStretchIsNoLargerThanWanted() {
    // The two splits of the other source have half as much again each.
    assertThat(ids(PLAN.splits(), 2 * BYTES_PER_SPLIT))
        .containsExactly(List.of(0, 2), List.of(4), List.of(1), List.of(3));
    assertThat(ids(PLAN.splits(), 1)).hasSize(5);
  }

  @Test
  void aByteRateMakesStretchesShort() {
    assertThat(Stretch.maxBytes(Throttle.NONE)).isEqualTo(512L << 20);
    assertThat(Stretch.maxBytes(new Throttle(1_000L, null, null, null))).isEqualTo(5_000);
    assertThat(Stretch.maxBytes(new Throttle(Long.MAX_VALUE, null, null, null)))
        .isBetween(500L << 20, 512L << 20);
  }

  private static List<List<Integer>> ids(List<Split> open, long maxBytes) {
    return Stretch.of(PLAN, open, maxBytes).stream()
        .map(stretch -> stretch.splits().stream().map(Split::id).toList())
        .toList();
  }

  /** One table on two sources, in three splits and in two. */
  private static Plan plan() {
    PlannedTable table =
        new PlannedTable(
            "public",
            "orders",
            List.of(new Column("id", "bigint", false)),
            List.of("id"),
            "id",
            true,
            List.of(),
            new IndexDefinition("orders_pkey", ""),
            List.of(),
            List.of(),
            100,
            6 * BYTES_PER_SPLIT);
    return new Plan(
        Plan.FORMAT,
        "op-1",
        null,
        null,
        List.of(),
        List.of(table),
        List.of(new MigrationStep("a", "c", "", 0, 0), new MigrationStep("b", "c", "", 0, 0)),
        List.of(
            new Split(0, 0, "a", null, List.of("10"), 7),
            new Split(1, 0, "b", null, List.of("15"), 7),
            new Split(2, 0, "a", List.of("10"), List.of("20"), 7),
            new Split(3, 0, "b", List.of("15"), null, 7),
            new Split(4, 0, "a", List.of("20"), null, 7)),
        0,
        0,
        List.of());
  }
}
