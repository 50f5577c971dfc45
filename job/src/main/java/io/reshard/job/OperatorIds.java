package io.reshard.job;

/** The stable ids of the job's operators, under which a savepoint keeps their state. */
public final class OperatorIds {
  public static final String SPLIT_SOURCE = "split-source";
  public static final String COPY_WRITER = "copy-writer";
  public static final String COPY_TRACKER = "copy-tracker";
  public static final String CHANGE_GATE = "change-gate";
  public static final String ROW_FETCHER = "row-fetcher";
  public static final String CHANGE_WRITER = "change-writer";
  public static final String PROGRESS = "progress";

  private OperatorIds() {}

  /** The change source of a shard. */
  public static String changes(String source) {
    return "changes-" + source;
  }

  /** The guard of a shard's heartbeats. */
  public static String heartbeats(String source) {
    return "heartbeats-" + source;
  }
}
