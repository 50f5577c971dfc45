package io.reshard.orchestrator.config;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.orchestrator.hook.CutoverGate;
import io.reshard.orchestrator.hook.PhaseCallback;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How an operation is carried out. Immutable; every value has a default, so that {@code
 * ReshardingOptions.builder().build()} is complete. The limits are those of reshard.yaml.
 */
public final class ReshardingOptions {
  private final Builder values;

  private ReshardingOptions(Builder values) {
    this.values = values;
  }

  /** ReshardingOptions with every default. */
  public static Builder builder() {
    return new Builder();
  }

  /** Rows of one copy transaction, and of one clean-up batch. */
  public int copyBatchSize() {
    return values.copyBatchSize;
  }

  /** The lag under which replication has caught up. */
  public Duration cdcLagThreshold() {
    return values.cdcLagThreshold;
  }

  public VerificationMode verificationMode() {
    return values.verificationMode;
  }

  /** How long the sources may refuse writes before the switch is given up. */
  public Duration cutoverTimeout() {
    return values.cutoverTimeout;
  }

  /** How long the moved rows stay on their sources after the switch. */
  public Duration cleanupRetention() {
    return values.cleanupRetention;
  }

  /** How long the lag may take to get under the threshold. */
  public Duration replicationTimeout() {
    return values.replicationTimeout;
  }

  /** Whether a failure before the switch is rolled back at once. */
  public boolean rollbackOnFailure() {
    return values.rollbackOnFailure;
  }

  /** The only tables that are moved; empty for all of the topology. */
  public List<String> tables() {
    return values.tables;
  }

  /** Who is told of every completed phase. */
  public Optional<PhaseCallback> onPhaseCompleted() {
    return Optional.ofNullable(values.onPhaseCompleted);
  }

  /** Who may refuse the cutover. */
  public Optional<CutoverGate> onCutoverStarting() {
    return Optional.ofNullable(values.onCutoverStarting);
  }

  /**
   * Collects options; not thread-safe. A value that breaks its rule is refused at once, with {@code
   * invalid_configuration}.
   */
  public static final class Builder {
    private int copyBatchSize = Settings.COPY_BATCH_SIZE.read(null);
    private Duration cdcLagThreshold = Settings.CDC_LAG_THRESHOLD.read(null);
    private VerificationMode verificationMode = Settings.VERIFICATION_MODE.read(null);
    private Duration cutoverTimeout = Settings.CUTOVER_TIMEOUT.read(null);
    private Duration cleanupRetention = Settings.CLEANUP_RETENTION.read(null);
    private Duration replicationTimeout = Settings.REPLICATION_TIMEOUT.read(null);
    private boolean rollbackOnFailure = Settings.ROLLBACK_ON_FAILURE.read(null);
    private List<String> tables = List.of();
    private PhaseCallback onPhaseCompleted;
    private CutoverGate onCutoverStarting;

    private Builder() {}

    public Builder copyBatchSize(int rows) {
      this.copyBatchSize = Settings.COPY_BATCH_SIZE.read(Integer.toString(rows));
      return this;
    }

    public Builder cdcLagThreshold(Duration lag) {
      this.cdcLagThreshold = Settings.CDC_LAG_THRESHOLD.check(lag);
      return this;
    }

    public Builder verificationMode(VerificationMode mode) {
      this.verificationMode = Settings.VERIFICATION_MODE.check(mode);
      return this;
    }

    public Builder cutoverTimeout(Duration timeout) {
      this.cutoverTimeout = Settings.CUTOVER_TIMEOUT.check(timeout);
      return this;
    }

    public Builder cleanupRetention(Duration retention) {
      this.cleanupRetention = Settings.CLEANUP_RETENTION.check(retention);
      return this;
    }

    public Builder replicationTimeout(Duration timeout) {
      this.replicationTimeout = Settings.REPLICATION_TIMEOUT.check(timeout);
      return this;
    }

    public Builder rollbackOnFailure(boolean rollback) {
      this.rollbackOnFailure = rollback;
      return this;
    }

    public Builder tables(List<String> names) {
      this.tables = List.copyOf(names);
      return this;
    }

    /** Null for nobody. */
    public Builder onPhaseCompleted(PhaseCallback callback) {
      this.onPhaseCompleted = callback;
      return this;
    }

    /** Null for nobody. */
    public Builder onCutoverStarting(CutoverGate gate) {
      this.onCutoverStarting = gate;
      return this;
    }

    public ReshardingOptions build() {
      Builder copy = new Builder();
      copy.copyBatchSize = copyBatchSize;
      copy.cdcLagThreshold = cdcLagThreshold;
      copy.verificationMode = verificationMode;
      copy.cutoverTimeout = cutoverTimeout;
      copy.cleanupRetention = cleanupRetention;
      copy.replicationTimeout = replicationTimeout;
      copy.rollbackOnFailure = rollbackOnFailure;
      copy.tables = tables;
      copy.onPhaseCompleted = onPhaseCompleted;
      copy.onCutoverStarting = onCutoverStarting;
      return new ReshardingOptions(copy);
    }
  }
}
