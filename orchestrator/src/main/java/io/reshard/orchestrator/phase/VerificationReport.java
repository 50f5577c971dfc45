package io.reshard.orchestrator.phase;

import java.util.List;

/** The result of a verification, as {@code verify --json} writes it. */
public record VerificationReport(
    boolean consistent, List<StepResult> steps, List<Mismatch> mismatchSamples) {
  /** The counts of one migration step over all its splits. */
  public record StepResult(String step, long sourceRows, long targetRows, long mismatches) {}

  /** One key that differs; {@code kind} is {@code MISSING}, {@code EXTRA} or {@code DIFFERENT}. */
  public record Mismatch(String table, String key, String kind) {}

  /** Mismatching keys over all steps. */
  public long mismatches() {
    return steps.stream().mapToLong(StepResult::mismatches).sum();
  }
}
