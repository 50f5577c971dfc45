package io.reshard.verifier;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.core.control.Mismatch.Kind.UNDECIDED;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Mismatch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Split;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepTallyTest {
  @Test
  void manyKeysOfOneKindHideNoneOfAnother() {
    StepTally tally =
        new StepTally(
            new StepAggregates("[]", "a->b", 9L, "1", 8L, "2"),
            new Split(3, 0, "a", null, null, 9),
            null,
            "public.orders",
            2);
    for (int id = 1; id <= 5; id++) {
      tally.differs(List.of("m" + id), MISSING);
    }
    tally.differs(List.of("d"), DIFFERENT);
    tally.differs(List.of("e"), EXTRA);
    tally.undecided(List.of("u"));

    StepResult result = tally.result();

    assertThat(result.mismatches()).isEqualTo(7);
    assertThat(result.undecided()).isEqualTo(1);
    assertThat(Documents.parse(result.samples(), Mismatch[].class, ErrorCode.INTERNAL, "samples"))
        .containsExactlyInAnyOrder(
            new Mismatch("public.orders", "m1", MISSING),
            new Mismatch("public.orders", "m2", MISSING),
            new Mismatch("public.orders", "d", DIFFERENT),
            new Mismatch("public.orders", "e", EXTRA),
            new Mismatch("public.orders", "u", UNDECIDED));
  }
}
