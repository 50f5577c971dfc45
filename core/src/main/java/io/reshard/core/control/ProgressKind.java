package io.reshard.core.control;

/** The kinds of rows in {@code job_progress}; V1__control.sql says what each holds. */
public enum ProgressKind {
  COPIED("copied"),
  TABLE("table"),
  FRONTIER("frontier"),
  REPLICATED("replicated");

  private final String text;

  ProgressKind(String text) {
    this.text = text;
  }

  /** The spelling in the control database. */
  public String text() {
    return text;
  }
}
