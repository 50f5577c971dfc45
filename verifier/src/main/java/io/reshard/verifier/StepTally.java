package io.reshard.verifier;

import io.reshard.core.control.Mismatch;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Split;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts what is wrong with one step of one split, and keeps the first few keys of each kind. */
final class StepTally {
  private final StepAggregates aggregates;
  private final Split split;
  private final StepReader reader;
  private final String table;
  private final int maxSamples;
  private final Map<Mismatch.Kind, List<Mismatch>> samples = new EnumMap<>(Mismatch.Kind.class);
  private long mismatches;
  private long undecided;

  StepTally(
      StepAggregates aggregates, Split split, StepReader reader, String table, int maxSamples) {
    this.aggregates = aggregates;
    this.split = split;
    this.reader = reader;
    this.table = table;
    this.maxSamples = maxSamples;
  }

  Split split() {
    return split;
  }

  /** Reads the step's rows; the same for all splits of one table and step. */
  StepReader reader() {
    return reader;
  }

  void differs(List<String> key, Mismatch.Kind kind) {
    mismatches++;
    sample(key, kind);
  }

  void undecided(List<String> key) {
    undecided++;
    sample(key, Mismatch.Kind.UNDECIDED);
  }

  private void sample(List<String> key, Mismatch.Kind kind) {
    List<Mismatch> kept = samples.computeIfAbsent(kind, unused -> new ArrayList<>());
    if (kept.size() < maxSamples) {
      kept.add(Mismatch.of(table, key, kind));
    }
  }

  StepResult result() {
    return new StepResult(
        split.id(),
        aggregates.step(),
        aggregates.sourceRows(),
        aggregates.targetRows(),
        mismatches,
        undecided,
        null,
        Documents.toJson(samples.values().stream().flatMap(List::stream).toList()));
  }
}
