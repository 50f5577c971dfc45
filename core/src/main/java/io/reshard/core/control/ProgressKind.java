package io.reshard.core.control;

/**
 * The kinds of rows in {@code job_progress}; V1__control.sql and V3__verification_run.sql say what
 * each holds.
 */
public enum ProgressKind {
  COPIED("copied"),
  TABLE("table"),
  FRONTIER("frontier"),
  REPLICATED("replicated"),
  MISMATCHED("mismatched");

  private final String text;

  ProgressKind(String text) {
    this.text = text;
  }

  /** The spelling in the control database. */
  public String text() {
    return text;
  }
}
