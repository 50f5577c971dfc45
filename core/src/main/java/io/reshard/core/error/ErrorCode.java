package io.reshard.core.error;

/**
 * Every error that the product reports. The first sixteen codes are the stable contract with other
 * people's scripts; the finer ones below them may grow.
 */
public enum ErrorCode {
  TOPOLOGIES_IDENTICAL("topologies_identical", ErrorType.USER),
  EMPTY_PLAN("empty_plan", ErrorType.USER),
  PLAN_GENERATION_FAILED("plan_generation_failed", ErrorType.EXTERNAL),
  COPY_FAILED("copy_failed", ErrorType.EXTERNAL),
  REPLICATION_FAILED("replication_failed", ErrorType.EXTERNAL),
  VERIFICATION_FAILED("verification_failed", ErrorType.EXTERNAL),
  CUTOVER_TIMEOUT("cutover_timeout", ErrorType.EXTERNAL),
  CUTOVER_ABORTED("cutover_aborted", ErrorType.USER),
  CUTOVER_FAILED("cutover_failed", ErrorType.EXTERNAL),
  CLEANUP_FAILED("cleanup_failed", ErrorType.EXTERNAL),
  ROLLBACK_FAILED("rollback_failed", ErrorType.EXTERNAL),
  ROLLBACK_NOT_AVAILABLE("rollback_not_available", ErrorType.USER),
  RESHARDING_NOT_FOUND("resharding_not_found", ErrorType.USER),
  INVALID_PHASE_TRANSITION("invalid_phase_transition", ErrorType.USER),
  STATE_STORE_FAILED("state_store_failed", ErrorType.EXTERNAL),
  CONCURRENT_RESHARDING_NOT_ALLOWED("concurrent_resharding_not_allowed", ErrorType.USER),

  INVALID_ARGUMENTS("invalid_arguments", ErrorType.USER),
  INVALID_CONFIGURATION("invalid_configuration", ErrorType.USER),
  INVALID_TOPOLOGY("invalid_topology", ErrorType.USER),
  INVALID_PLAN("invalid_plan", ErrorType.USER),
  PREFLIGHT_FAILED("preflight_failed", ErrorType.USER),
  TOPOLOGY_CONFLICT("topology_conflict", ErrorType.USER),
  SOURCE_UNAVAILABLE("source_unavailable", ErrorType.EXTERNAL),
  TARGET_UNAVAILABLE("target_unavailable", ErrorType.EXTERNAL),
  DISK_FULL("disk_full", ErrorType.RESOURCES),
  FLINK_UNAVAILABLE("flink_unavailable", ErrorType.EXTERNAL),
  SLOT_MISSING("slot_missing", ErrorType.EXTERNAL),
  SLOT_CREATION_BLOCKED("slot_creation_blocked", ErrorType.EXTERNAL),
  SCHEMA_CHANGED("schema_changed", ErrorType.USER),
  CHANGES_MISSING("changes_missing", ErrorType.EXTERNAL),
  EPOCH_SUPERSEDED("epoch_superseded", ErrorType.USER),
  KEY_COLLISION("key_collision", ErrorType.USER),
  VERIFICATION_STALE("verification_stale", ErrorType.USER),
  VERIFICATION_STOPPED("verification_stopped", ErrorType.USER),
  WAY_BACK_BEHIND("way_back_behind", ErrorType.USER),
  STRAY_ROW("stray_row", ErrorType.USER),
  KEY_NOT_ROUTED("key_not_routed", ErrorType.USER),
  INTERNAL("internal", ErrorType.INTERNAL);

  /** The namespace of all codes. */
  public static final String PREFIX = "resharding.";

  private final String code;
  private final ErrorType type;

  ErrorCode(String name, ErrorType type) {
    this.code = PREFIX + name;
    this.type = type;
  }

  /** The stable string, such as {@code resharding.copy_failed}. */
  public String code() {
    return code;
  }

  public ErrorType type() {
    return type;
  }
}
