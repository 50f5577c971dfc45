package io.reshard.verifier;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.core.control.Mismatch.Kind.STRAY;
import static io.reshard.verifier.Shards.KINDS;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A thousand faults of each kind in random rows of the targets: all are found, and all named. */
final class PlantedFaultsITCase {
  private static final int EACH = 1_000;
  private static final int ROWS = 24_000;
  private static final long EXTRA_IDS = 10_000_000;
  private static final long SEED = Long.getLong("reshard.faults.seed", System.nanoTime());

  private final Set<Mismatch> expected = new HashSet<>();
  private final Set<Mismatch> expectedStrays = new HashSet<>();
  private Shards shards;
  private Map<String, Deque<String>> rows;

  @Test
  void everyPlantedFaultIsFoundAndNamed() throws Exception {
    shards = Shards.start(ROWS);
    rows = shuffledIds();
    plant("DELETE FROM kinds WHERE id", MISSING);
    plant("UPDATE kinds SET note = overlay(note placing '!' from 5 for 1) WHERE id", DIFFERENT);
    plant("UPDATE kinds SET empty = NULL WHERE id", DIFFERENT);
    plant("UPDATE kinds SET amount = (amount::text || '0')::numeric WHERE id", DIFFERENT);
    plant("UPDATE kinds SET at = 'infinity' WHERE id", DIFFERENT);
    plant("UPDATE kinds SET list = '[0:1]={1,2}' WHERE id", DIFFERENT);
    plantExtra();
    plantOnTheWrongShard();
    plantWhatMakesNoDifference("document = '{\"b\": 2, \"a\": 1}'");
    plantWhatMakesNoDifference("padded = 'ab      '");

    VerificationReport report =
        shards.verify(VerificationMode.COUNT_AND_CHECKSUM, Duration.ofSeconds(10), 10 * EACH);

    assertThat(new HashSet<>(report.mismatchSamples())).as("seed %s", SEED).isEqualTo(expected);
    assertThat(new HashSet<>(report.straySamples())).as("seed %s", SEED).isEqualTo(expectedStrays);
    assertThat(report.mismatches()).isEqualTo(8 * EACH);
    assertThat(report.strays().stream().mapToLong(VerificationReport.StrayTotal::rows).sum())
        .isEqualTo(EACH);
    assertThat(report.undecidedSamples()).isEmpty();
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
      ids.forEach(id -> expected.add(new Mismatch(KINDS, id, kind)));
    }
  }

  private void plantExtra() throws SQLException {
    for (String target : Shards.TARGETS) {
      List<String> ids = untouched(target);
      shards.run(
          target,
          "INSERT INTO kinds SELECT id + %d, customer FROM kinds WHERE id".formatted(EXTRA_IDS)
              + in(ids));
      ids.forEach(
          id ->
              expected.add(
                  new Mismatch(KINDS, Long.toString(EXTRA_IDS + Long.parseLong(id)), EXTRA)));
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
        expected.add(new Mismatch(KINDS, id, MISSING));
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
