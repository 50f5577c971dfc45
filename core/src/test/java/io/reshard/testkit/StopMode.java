package io.reshard.testkit;

/** How PostgreSQL is stopped (PostgreSQL manual, "Shutting Down the Server"). */
public enum StopMode {
  /**
   * Ends all sessions, writes a checkpoint and waits for replication to catch up: an orderly stop.
   */
  FAST("fast"),
  /** Ends all processes at once, like a crash; the next start recovers from the write-ahead log. */
  IMMEDIATE("immediate");

  private final String argument;

  StopMode(String argument) {
    this.argument = argument;
  }

  String argument() {
    return argument;
  }
}
