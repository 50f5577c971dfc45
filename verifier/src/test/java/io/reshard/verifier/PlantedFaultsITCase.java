package io.reshard.verifier;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.core.control.Mismatch.Kind.STRAY;
import static io.reshard.verifier.Shards.ITEMS;
import static io.reshard.verifier.Shards.KINDS;
import static io.reshard.verifier.Shards.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * A thousand faults of each kind in random rows of the targets: each mode finds and names those
 * that {@code docs/guarantees.md} promises of it, and no others.
 */
final class PlantedFaultsITCase {
  private static final int EACH = 1_000;
  private static final int ROWS = 28_000;
  private static final long EXTRA_IDS = 10_000_000;
  private static final long SEED = Long.getLong("reshard.faults.seed", System.nanoTime());

  /** The faults, each with the step and split that it is counted in. */
  private final Map<Mismatch, String> planted = new HashMap<>();

  private final Set<Mismatch> cancelling = new HashSet<>();
  private final Set<Mismatch> expectedStrays = new HashSet<>();
  private Shards shards;
  private Set<String> fromShard0;
  private Map<String, Deque<String>> rows;

  @Test
  void everyPlantedFaultIsFoundAndNamed() throws Exception {
    shards = Shards.start(ROWS);
    rows = shuffledIds();
    fromShard0 =
        Set.of(
            shards
                .value(
                    "shard-2",
                    "SELECT string_agg(id::text, ',') FROM kinds t WHERE "
                        + shards
                            .plan()
                            .oldRouting(shards.plan().tables().get(2), "t")
                            .ownedBy("shard-0"))
                .split(","));
    plant("DELETE FROM kinds WHERE id", MISSING);
    plant("UPDATE kinds SET note = overlay(note placing '!' from 5 for 1) WHERE id", DIFFERENT);
    plant("UPDATE kinds SET empty = NULL WHERE id", DIFFERENT);
    plant("UPDATE kinds SET amount = (amount::text || '0')::numeric WHERE id", DIFFERENT);
    plant("UPDATE kinds SET at = 'infinity' WHERE id", DIFFERENT);
    plant("UPDATE kinds SET list = '[0:1]={1,2}' WHERE id", DIFFERENT);
    plant("UPDATE kinds SET note = empty, empty = note WHERE id", DIFFERENT);
    plantSwapped();
    plantGenerated();
    plantWhatCancels();
    plantExtra();
    plantOnTheWrongShard();
    plantWhatMakesNoDifference("document = '{\"b\": 2, \"a\": 1}'");
    plantWhatMakesNoDifference("padded = 'ab      '");

    assertThat(inCellsThatDoNotCancel()).doesNotContainAnyElementsOf(cancelling).isNotEmpty();
    expect(VerificationMode.COUNT, inCellsThatDoNotCancel());
    expect(VerificationMode.CHECKSUM, planted.keySet());
    expect(VerificationMode.COUNT_AND_CHECKSUM, planted.keySet());
  }

  private void expect(VerificationMode mode, Set<Mismatch> expected) throws Exception {
    String described = mode + ", seed " + SEED;
    VerificationReport report = shards.verify(mode, Duration.ofSeconds(10), 10 * EACH);

    assertThat(new HashSet<>(report.mismatchSamples())).as(described).isEqualTo(expected);
    assertThat(new HashSet<>(report.straySamples())).as(described).isEqualTo(expectedStrays);
    assertThat(report.mismatches()).as(described).isEqualTo(expected.size());
    assertThat(report.strays().stream().mapToLong(VerificationReport.StrayTotal::rows).sum())
        .isEqualTo(EACH);
    assertThat(report.undecidedSamples()).isEmpty();
  }

  /** What counting alone sees: rows missing and too many, where their numbers are not the same. */
  private Set<Mismatch> inCellsThatDoNotCancel() {
    Map<String, Integer> balances = new HashMap<>();
    planted.forEach(
        (fault, cell) ->
            balances.merge(
                cell, fault.kind() == MISSING ? -1 : fault.kind() == EXTRA ? 1 : 0, Integer::sum));
    return planted.entrySet().stream()
        .filter(fault -> fault.getKey().kind() != DIFFERENT)
        .filter(fault -> balances.get(fault.getValue()) != 0)
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private void expectKind(String target, String id, String foundId, Mismatch.Kind kind) {
    String source = fromShard0.contains(id) ? "shard-0" : "shard-1";
    boolean low = Long.parseLong(foundId) < 5_000;
    planted.put(
        new Mismatch(KINDS, foundId, kind),
        "kinds " + source + "->" + target + (low ? " 0" : " 1"));
  }

  private Map<String, Deque<String>> shuffledIds() throws SQLException {
    Random random = new Random(SEED);
    Map<String, Deque<String>> all = new TreeMap<>();
    for (String target : Shards.TARGETS) {
      String ids = shards.value(target, "SELECT string_agg(id::text, ',' ORDER BY id) FROM kinds");
      List<String> shuffled = new ArrayList<>(Arrays.asList(ids.split(",")));
      Collections.shuffle(shuffled, random);
      all.put(target, new ArrayDeque<>(shuffled));
    }
    return all;
  }

  /** Rows that nothing has happened to yet: half of them on each target. */
  private List<String> untouched(String target) {
    List<String> ids = new ArrayList<>();
    while (ids.size() < EACH / Shards.TARGETS.size()) {
      ids.add(rows.get(target).remove());
    }
    return ids;
  }

  private static String in(List<String> ids) {
    return " = ANY ('{" + String.join(",", ids) + "}')";
  }

  private void plant(String statement, Mismatch.Kind kind) throws SQLException {
    for (String target : Shards.TARGETS) {
      List<String> ids = untouched(target);
      assertThat(shards.run(target, statement + in(ids))).isEqualTo(ids.size());
      ids.forEach(id -> expectKind(target, id, id, kind));
    }
  }

  /** Two rows each have the other's value. */
  private void plantSwapped() throws SQLException {
    for (String target : Shards.TARGETS) {
      List<String> ids = untouched(target);
      List<String> pairs = new ArrayList<>();
      for (int at = 0; at < ids.size(); at += 2) {
        pairs.add("(%1$s, %2$s), (%2$s, %1$s)".formatted(ids.get(at), ids.get(at + 1)));
      }
      String swap =
          "UPDATE kinds t SET note = other.note FROM kinds other, (VALUES %s) pair (here, there)"
              + " WHERE t.id = here AND other.id = there";
      assertThat(shards.run(target, swap.formatted(String.join(", ", pairs))))
          .isEqualTo(ids.size());
      ids.forEach(id -> expectKind(target, id, id, DIFFERENT));
    }
  }

  private void plantGenerated() throws SQLException {
    String id = shards.value("shard-3", "SELECT max(id) FROM orders");
    shards.run(
        "shard-3",
        "ALTER TABLE orders ALTER COLUMN twice DROP EXPRESSION",
        "UPDATE orders SET twice = twice + 1 WHERE id = " + id);
    planted.put(new Mismatch(ORDERS, id, DIFFERENT), "orders");
  }

  /** One row is missing and one too many in the same split: their number is as it was. */
  private void plantWhatCancels() throws SQLException {
    String sku = shards.value("shard-3", "SELECT min(sku) FROM items");
    String line = shards.value("shard-3", "SELECT line FROM items WHERE sku = '" + sku + "'");
    shards.run("shard-3", "UPDATE items SET line = 777 WHERE sku = '" + sku + "'");
    cancelling.add(new Mismatch(ITEMS, "[\"" + sku + "\",\"" + line + "\"]", MISSING));
    cancelling.add(new Mismatch(ITEMS, "[\"" + sku + "\",\"777\"]", EXTRA));
    cancelling.forEach(fault -> planted.put(fault, "items"));
  }

  private void plantExtra() throws SQLException {
    for (String target : Shards.TARGETS) {
      List<String> ids = untouched(target);
      shards.run(
          target,
          "INSERT INTO kinds SELECT id + %d, customer FROM kinds WHERE id".formatted(EXTRA_IDS)
              + in(ids));
      ids.forEach(
          id -> expectKind(target, id, Long.toString(EXTRA_IDS + Long.parseLong(id)), EXTRA));
    }
  }

  private void plantOnTheWrongShard() throws SQLException {
    for (String target : Shards.TARGETS) {
      List<String> ids = untouched(target);
      String other = target.equals("shard-2") ? "shard-3" : "shard-2";
      shards.run(target, "DELETE FROM kinds WHERE id" + in(ids));
      shards.run(
          other,
          "INSERT INTO kinds (id, customer) SELECT i, i FROM generate_series(1::bigint, %d) i WHERE i"
                  .formatted(ROWS)
              + in(ids));
      for (String id : ids) {
        expectKind(target, id, id, MISSING);
        expectedStrays.add(new Mismatch(KINDS, id, STRAY));
      }
    }
  }

  private void plantWhatMakesNoDifference(String change) throws SQLException {
    for (String target : Shards.TARGETS) {
      List<String> ids = untouched(target);
      assertThat(shards.run(target, "UPDATE kinds SET " + change + " WHERE id" + in(ids)))
          .isEqualTo(ids.size());
    }
  }
}
