package io.reshard.job.progress;

import io.reshard.core.control.Epoch;
import io.reshard.core.control.ProgressKind;

/** A row of {@code job_progress}; V1__control.sql says what the kinds mean. A Flink POJO. */
public final class ProgressUpdate {
  public String kind;
  public String subject;
  public int generation;
  public int attempt;
  public long value;

  public ProgressUpdate() {}

  private ProgressUpdate(ProgressKind kind, String subject, Epoch epoch, long value) {
    this.kind = kind.text();
    this.subject = subject;
    this.generation = epoch.generation();
    this.attempt = epoch.attempt();
    this.value = value;
  }

  /** Something that is true whatever attempt reports it. */
  public static ProgressUpdate once(ProgressKind kind, String subject, long value) {
    return new ProgressUpdate(kind, subject, new Epoch(0, 0), value);
  }

  /** Something that this attempt alone can say. */
  public static ProgressUpdate of(ProgressKind kind, String subject, Epoch epoch, long value) {
    return new ProgressUpdate(kind, subject, epoch, value);
  }
}
