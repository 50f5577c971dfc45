package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;

/** The exit codes of every command, for people's scripts. */
public final class ExitCode {
  /** Done. */
  public static final int OK = 0;

  /** The operation failed. */
  public static final int FAILED = 1;

  /** Bad arguments or files. */
  public static final int ARGUMENTS = 2;

  /** The operation's state does not allow the command. */
  public static final int STATE = 3;

  /** A source cannot be reached or refuses. */
  public static final int SOURCE = 4;

  /** A target cannot be reached or refuses. */
  public static final int TARGET = 5;

  /** The control database or Flink cannot be reached or refuses. */
  public static final int INFRASTRUCTURE = 6;

  /** A verification found differences. */
  public static final int DIFFERENCES = 7;

  /** Our own fault. */
  public static final int INTERNAL = 70;

  private ExitCode() {}

  static int of(ErrorCode code) {
    return switch (code) {
      case INVALID_ARGUMENTS,
          INVALID_CONFIGURATION,
          INVALID_TOPOLOGY,
          INVALID_PLAN,
          TOPOLOGIES_IDENTICAL,
          EMPTY_PLAN ->
          ARGUMENTS;
      case RESHARDING_NOT_FOUND,
          INVALID_PHASE_TRANSITION,
          CONCURRENT_RESHARDING_NOT_ALLOWED,
          TOPOLOGY_CONFLICT,
          VERIFICATION_STALE,
          WAY_BACK_BEHIND,
          ROLLBACK_NOT_AVAILABLE ->
          STATE;
      case SOURCE_UNAVAILABLE,
          SLOT_MISSING,
          SLOT_CREATION_BLOCKED,
          SCHEMA_CHANGED,
          PLAN_GENERATION_FAILED ->
          SOURCE;
      case TARGET_UNAVAILABLE, DISK_FULL -> TARGET;
      case STATE_STORE_FAILED, FLINK_UNAVAILABLE -> INFRASTRUCTURE;
      case VERIFICATION_FAILED -> DIFFERENCES;
      case INTERNAL -> INTERNAL;
      default -> FAILED;
    };
  }
}
