package io.reshard.planner;

import io.reshard.core.plan.PreflightFinding;
import java.util.ArrayList;
import java.util.List;

/** Collects the outcome of checks, one finding for each check on each shard. */
final class Findings {
  private final List<PreflightFinding> all = new ArrayList<>();

  /** A check that holds if {@code problems} is empty; they share one remedy. */
  void add(String check, String shard, List<String> problems, String okDetail, String remedy) {
    boolean ok = problems.isEmpty();
    all.add(
        new PreflightFinding(
            check, shard, ok, ok ? okDetail : String.join("; ", problems), ok ? null : remedy));
  }

  /** A check with one value that explains it either way. */
  void add(String check, String shard, boolean ok, String detail, String remedy) {
    all.add(new PreflightFinding(check, shard, ok, detail, ok ? null : remedy));
  }

  void addAll(List<PreflightFinding> findings) {
    all.addAll(findings);
  }

  List<PreflightFinding> all() {
    return List.copyOf(all);
  }
}
