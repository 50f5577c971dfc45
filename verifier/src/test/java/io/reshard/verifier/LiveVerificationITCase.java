package io.reshard.verifier;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.verifier.Shards.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Split;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Both sides are written to all the time, and the targets lag behind. */
final class LiveVerificationITCase {
  /** For a long run: {@code -Dreshard.verification.passes=500}. */
  private static final int PASSES = Integer.getInteger("reshard.verification.passes", 5);

  /** Nobody else beats here: it is done for keys that did not agree at a second look either. */
  private static final String DOUBTED = "heartbeat that the verification has beaten";

  private Shards shards;
  private ToyReplicator replicator;
  private final List<ToyWriter> writers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    shards = Shards.start(1_500);
    shards.registerHeartbeats();
    replicator = new ToyReplicator(shards);
    threads.add(new Thread(replicator, "toy-replicator"));
    for (String source : Shards.SOURCES) {
      shards.run(source, ToyReplicator.CHANGES);
      ToyWriter writer = new ToyWriter(shards, source, movedIds(source));
      writers.add(writer);
      threads.add(new Thread(writer, "toy-writer-" + source));
    }
    threads.forEach(Thread::start);
  }

  private List<Long> movedIds(String source) throws Exception {
    String moved =
        String.join(
            " OR ",
            shards.plan().targetsOf(source).stream()
                .map(
                    target ->
                        shards
                            .plan()
                            .newRouting(shards.plan().tables().get(0), "t")
                            .ownedBy(target))
                .toList());
    String ids =
        shards.value(
            source,
            "SELECT string_agg(id::text, ',' ORDER BY id) FROM orders t WHERE id % "
                + ToyWriter.STRIDE
                + " = 0 AND ("
                + moved
                + ")");
    return Arrays.stream(ids.split(",")).map(Long::valueOf).toList();
  }

  @AfterEach
  void stop() throws Exception {
    writers.forEach(ToyWriter::stop);
    replicator.stop();
    for (Thread thread : threads) {
      thread.join();
    }
    for (ToyWriter writer : writers) {
      writer.check();
    }
    replicator.check();
  }

  @Test
  void isConsistentUnderLoad() throws Exception {
    long beaten = beaten();

    VerificationReport report = shards.verify();

    assertThat(beaten()).as(DOUBTED).isGreaterThan(beaten);
    assertThat(report.mismatchSamples()).isEmpty();
    assertThat(report.undecidedSamples()).isEmpty();
    assertThat(report.consistent()).isTrue();
    assertThat(writers).allSatisfy(writer -> assertThat(writer.writes()).isPositive());
  }

  @Test
  void raisesNoFalseAlarmHoweverOftenItLooks() throws Exception {
    for (int pass = 0; pass < PASSES; pass++) {
      long beaten = beaten();
      assertThat(traceAll()).isEmpty();
      assertThat(beaten()).as(DOUBTED).isGreaterThan(beaten);
    }
  }

  @Test
  void findsWhatIsReallyWrongUnderTheSameLoad() throws Exception {
    String lost = untouched("shard-3", "min");
    String changed = untouched("shard-2", "max");
    shards.run("shard-3", "DELETE FROM orders WHERE id = " + lost);
    shards.run("shard-2", "UPDATE orders SET factor = factor + 1 WHERE id = " + changed);
    shards.run("shard-3", "INSERT INTO orders (id, customer) VALUES (5000000, " + lost + ")");

    assertThat(traceAll())
        .containsExactlyInAnyOrder(
            new Mismatch(ORDERS, lost, MISSING),
            new Mismatch(ORDERS, changed, DIFFERENT),
            new Mismatch(ORDERS, "5000000", EXTRA));
  }

  private long beaten() throws Exception {
    return Long.parseLong(shards.value("shard-1", ToyReplicator.HEARTBEAT));
  }

  private String untouched(String shard, String function) throws Exception {
    return shards.value(
        shard, "SELECT " + function + "(id) FROM orders WHERE id % " + ToyWriter.STRIDE + " = 1");
  }

  /** Traces every split to its keys, as if all aggregates had differed. */
  private List<Mismatch> traceAll() throws Exception {
    Verification verification =
        new Verification(
            shards.plan(),
            shards.secrets(),
            "traced",
            VerificationMode.COUNT_AND_CHECKSUM,
            100,
            true,
            Duration.ofSeconds(20));
    List<Mismatch> found = new ArrayList<>();
    try (MismatchResolver resolver =
        new MismatchResolver(
            verification,
            result ->
                found.addAll(
                    List.of(
                        Documents.parse(
                            result.samples(), Mismatch[].class, ErrorCode.INTERNAL, "samples"))))) {
      for (Split split : shards.plan().splits()) {
        for (String target : shards.plan().targetsOf(split.source())) {
          String step = split.source() + "->" + target;
          String one = new Stretch(List.of(split)).json();
          resolver.add(new StepAggregates(one, step, 1L, "1", 1L, "2"));
        }
      }
      resolver.finish();
    }
    return found;
  }
}
