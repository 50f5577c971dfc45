package io.reshard.verifier;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.core.control.Mismatch.Kind.STRAY;
import static io.reshard.core.control.Mismatch.Kind.UNOWNED;
import static io.reshard.verifier.Shards.ITEMS;
import static io.reshard.verifier.Shards.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole job, on sides that nobody writes to. */
final class VerificationJobITCase {
  private Shards shards;

  @BeforeEach
  void start() throws Exception {
    shards = Shards.start(1_500);
  }

  @Test
  void equalSidesAreConsistent() throws Exception {
    VerificationReport report = shards.verify();

    assertThat(report.consistent()).isTrue();
    assertThat(report.unverified()).isZero();
    assertThat(report.mismatchSamples()).isEmpty();
    assertThat(report.steps())
        .extracting(VerificationReport.StepTotal::step)
        .containsExactly("shard-0->shard-2", "shard-1->shard-2", "shard-1->shard-3");
    for (VerificationReport.StepTotal step : report.steps()) {
      assertThat(step.sourceRows()).isEqualTo(step.targetRows()).isBetween(900L, 1350L);
    }
  }

  @Test
  void namesEveryKeyThatIsWrongAndNoOther() throws Exception {
    String lost = shards.value("shard-3", "SELECT min(id) FROM orders");
    String scale = shards.value("shard-3", "SELECT max(id) FROM orders");
    String zero = shards.value("shard-2", "SELECT min(id) FROM orders");
    String changed = shards.value("shard-2", "SELECT max(id) FROM orders");
    String sku = shards.value("shard-2", "SELECT min(sku) FROM items");
    String line = shards.value("shard-2", "SELECT line FROM items WHERE sku = '" + sku + "'");
    // A key that shard-1 owns and that moves to shard-3, with a primary key of its own.
    String customer = shards.value("shard-3", "SELECT max(customer) FROM orders");
    for (String shard : Shards.SOURCES) {
      shards.run(shard, "UPDATE orders SET factor = 0 WHERE id = " + zero);
    }
    shards.run("shard-2", "UPDATE orders SET factor = '-0' WHERE id = " + zero);
    shards.run("shard-2", "UPDATE orders SET status = NULL WHERE id = " + changed);
    shards.run("shard-2", "UPDATE items SET note = 'x' WHERE sku = '" + sku + "'");
    shards.run("shard-3", "DELETE FROM orders WHERE id = " + lost);
    shards.run(
        "shard-3", "UPDATE orders SET amount = (amount::text || '0')::numeric WHERE id = " + scale);
    shards.run("shard-3", "INSERT INTO orders (id, customer) VALUES (777777, " + customer + ")");

    VerificationReport report = shards.verify();

    assertThat(report.consistent()).isFalse();
    assertThat(report.unverified()).isZero();
    assertThat(report.undecidedSamples()).isEmpty();
    assertThat(report.mismatchSamples())
        .containsExactlyInAnyOrder(
            new Mismatch(ORDERS, lost, MISSING),
            new Mismatch(ORDERS, scale, DIFFERENT),
            new Mismatch(ORDERS, zero, DIFFERENT),
            new Mismatch(ORDERS, changed, DIFFERENT),
            new Mismatch(ORDERS, "777777", EXTRA),
            new Mismatch(ITEMS, "[\"" + sku + "\",\"" + line + "\"]", DIFFERENT));
    assertThat(mismatches(report)).containsEntry("shard-1->shard-3", 3L);
    assertThat(report.steps().stream().mapToLong(VerificationReport.StepTotal::mismatches).sum())
        .isEqualTo(6);
  }

  private static Map<String, Long> mismatches(VerificationReport report) {
    return report.steps().stream()
        .collect(
            Collectors.toMap(
                VerificationReport.StepTotal::step, VerificationReport.StepTotal::mismatches));
  }

  @Test
  void countsAloneDoNotSeeAChangedRow() throws Exception {
    String id = shards.value("shard-3", "SELECT min(id) FROM orders");
    shards.run("shard-3", "UPDATE orders SET status = 'x' WHERE id = " + id);

    assertThat(shards.verify(VerificationMode.COUNT, Duration.ofSeconds(1)).consistent()).isTrue();
    assertThat(shards.verify(VerificationMode.CHECKSUM, Duration.ofSeconds(1)).mismatchSamples())
        .containsExactly(new Mismatch(ORDERS, id, DIFFERENT));

    shards.run("shard-3", "DELETE FROM orders WHERE id = " + id);
    assertThat(shards.verify(VerificationMode.COUNT, Duration.ofSeconds(1)).mismatchSamples())
        .containsExactly(new Mismatch(ORDERS, id, MISSING));
  }

  @Test
  void rowsThatNoStepMovesAreNotComparedAndStraysAreNamed() throws Exception {
    String onShard0 =
        shards.plan().newRouting(shards.plan().tables().get(0), "t").ownedBy("shard-0");
    String stays = shards.value("shard-0", "SELECT max(customer) FROM orders t WHERE " + onShard0);
    String moves = shards.value("shard-3", "SELECT max(customer) FROM orders");
    // A row of the kept shard, a row that this target does not own, a stray on a source.
    shards.run("shard-0", "UPDATE orders SET status = 'x' WHERE customer = " + stays);
    shards.run("shard-2", "INSERT INTO orders (id, customer) VALUES (888888, " + stays + ")");
    shards.run("shard-2", "INSERT INTO orders (id, customer) VALUES (888889, " + moves + ")");
    shards.run("shard-0", "INSERT INTO orders (id, customer) VALUES (888890, " + moves + ")");
    // Rows that no shard owns, on either side.
    for (String shard : List.of("shard-1", "shard-3")) {
      shards.run(
          shard,
          "ALTER TABLE orders ALTER COLUMN customer DROP NOT NULL",
          "INSERT INTO orders (id) VALUES (88889" + shard.charAt(6) + ")");
    }

    VerificationReport report = shards.verify();

    assertThat(report.consistent()).isTrue();
    assertThat(report.strays())
        .containsExactlyInAnyOrder(
            new VerificationReport.StrayTotal("shard-0", STRAY, 1),
            new VerificationReport.StrayTotal("shard-2", STRAY, 2),
            new VerificationReport.StrayTotal("shard-1", UNOWNED, 1),
            new VerificationReport.StrayTotal("shard-3", UNOWNED, 1));
    assertThat(report.straySamples())
        .containsExactlyInAnyOrder(
            new Mismatch(ORDERS, "888888", STRAY),
            new Mismatch(ORDERS, "888889", STRAY),
            new Mismatch(ORDERS, "888890", STRAY),
            new Mismatch(ORDERS, "888891", UNOWNED),
            new Mismatch(ORDERS, "888893", UNOWNED));
  }

  @Test
  void twoRowsUnderOneKeyAreNotOne() throws Exception {
    shards.run("shard-3", "ALTER TABLE orders DROP CONSTRAINT orders_pkey");
    String id = shards.value("shard-3", "SELECT min(id) FROM orders");
    shards.run(
        "shard-3",
        "INSERT INTO orders (id, customer, status, amount, factor)"
            + " SELECT id, customer, status, amount, factor FROM orders WHERE id = "
            + id);

    assertThat(shards.verify().mismatchSamples())
        .containsExactly(new Mismatch(ORDERS, id, DIFFERENT));
  }

  @Test
  void aJobThatLetsNoHeartbeatThroughLeavesADifferenceUndecided() throws Exception {
    shards.registerHeartbeats();
    String id = shards.value("shard-3", "SELECT min(id) FROM orders");
    shards.run("shard-3", "DELETE FROM orders WHERE id = " + id);

    VerificationReport report =
        shards.verify(VerificationMode.COUNT_AND_CHECKSUM, Duration.ofMillis(200));

    assertThat(report.consistent()).isFalse();
    assertThat(report.mismatchSamples()).isEmpty();
    assertThat(report.undecidedSamples())
        .containsExactly(new Mismatch(ORDERS, id, Mismatch.Kind.UNDECIDED));
  }

  @Test
  void aShardThatCannotBeReadFailsTheJobAndNamesTheShard() throws Exception {
    shards.run("shard-3", "DROP TABLE items");

    assertThatThrownBy(() -> shards.verify())
        .hasStackTraceContaining("the verification cannot read shard shard-3")
        .hasStackTraceContaining("relation \"public.items\" does not exist");
  }
}
