package io.reshard.orchestrator.demo;

import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.HistoryViolation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the test kit found, without a line of the product's own comparison.
 *
 * @param history the rows that the shards own against what the writers know they wrote
 * @param strays moved rows that wait for the clean-up
 * @param unowned by shard, rows that nobody will ever take
 * @param writerFailure why a writer gave up, if one did
 */
public record Verdict(
    HistoryReport history, long strays, Map<String, Long> unowned, Optional<String> writerFailure) {
  private static final int SHOWN = 5;

  public boolean equal() {
    return findings().isEmpty();
  }

  /** A sentence for everything that is wrong, the first few rows of each kind among them. */
  public List<String> findings() {
    List<String> findings = new ArrayList<>();
    writerFailure.ifPresent(findings::add);
    history
        .violations()
        .forEach((kind, count) -> findings.add(count + " rows are " + kind + " " + samples(kind)));
    unowned.forEach(
        (shard, rows) ->
            findings.add(shard + " holds " + rows + " rows that it never owned, in no topology"));
    return findings;
  }

  private List<String> samples(HistoryViolation.Kind kind) {
    return history.samples().stream()
        .filter(violation -> violation.kind() == kind)
        .limit(SHOWN)
        .map(HistoryViolation::toString)
        .toList();
  }
}
