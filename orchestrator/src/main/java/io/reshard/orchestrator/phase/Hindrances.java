package io.reshard.orchestrator.phase;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobProgress;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.config.Units;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.stream.Collectors;

/** Finds out why an operation does not move, from the control database alone. Thread-safe. */
public final class Hindrances {
  /** A split is a few seconds' work, and so is the building of most indexes. */
  static final Duration STALL = Duration.ofSeconds(30);

  private final ControlDatabase control;
  private final ReshardingOptions options;

  public Hindrances(ControlDatabase control, ReshardingOptions options) {
    this.control = control;
    this.options = options;
  }

  /** What is in the way of {@code operation}; empty while it moves, and when it is over. */
  public Optional<Hindrance> find(Operation operation, OperationStatus status) {
    if (operation.error() != null) {
      return Optional.of(trouble(operation));
    }
    if (operation.phase().terminal()) {
      return Optional.empty();
    }
    if (operation.held()) {
      return Optional.of(
          new Hindrance(
              "It waits for you behind " + operation.holdAfter() + ", as it was told to.",
              "'reshard resume " + operation.id() + "' goes on through the switch."));
    }
    if (DriverLock.holder(control, operation.id()).isEmpty()) {
      return Optional.of(
          new Hindrance(
              "No process drives it"
                  + (operation.driver() == null
                      ? "."
                      : "; the last was " + operation.driver() + "."),
              "'reshard resume " + operation.id() + "' goes on, and so does 'reshard serve'."));
    }
    return switch (operation.phase()) {
      case COPYING -> stalledCopy(operation, status);
      case REPLICATING, CUTTING_OVER -> longLag(status);
      case CLEANING_UP -> Optional.of(retention(status));
      default -> Optional.empty();
    };
  }

  private static Hindrance trouble(Operation operation) {
    String what =
        switch (operation.phase()) {
          case FAILED -> "It has failed: ";
          case COMPLETED -> "It is completed, but something was left behind: ";
          default -> "It pauses, and tries again: ";
        };
    return new Hindrance(
        what + operation.error().code() + ": " + operation.error().message(),
        Remedies.of(operation.error().code()));
  }

  private Optional<Hindrance> stalledCopy(Operation operation, OperationStatus status) {
    if (!status.copyPauses().isEmpty()) {
      return Optional.of(
          new Hindrance(
              status.copyPauses().stream()
                  .map(
                      pause ->
                          "The copy does not read from " + pause.source() + ": " + pause.reason())
                  .collect(Collectors.joining(" ")),
              "'reshard throttle " + operation.id() + "' changes what holds it back."));
    }
    Instant moved =
        new JobProgress(control, operation.id())
            .lastCopied()
            .orElseGet(() -> enteredAt(status, Phase.COPYING));
    return moved.isAfter(Instant.now().minus(STALL))
        ? Optional.empty()
        : Optional.of(
            new Hindrance(
                "No rows have been committed since " + moved.truncatedTo(ChronoUnit.SECONDS) + ".",
                "Indexes may be being built on the targets, or a split is large; Flink's Web UI"
                    + " shows which operator is busy."));
  }

  private Optional<Hindrance> longLag(OperationStatus status) {
    String threshold = Units.text(options.cdcLagThreshold());
    if (status.lagMillis() == null) {
      return Optional.of(
          new Hindrance(
              "No change has come through yet.",
              "The job is starting, or still building indexes; Flink's Web UI shows it."));
    }
    return status.lagMillis() <= options.cdcLagThreshold().toMillis()
        ? Optional.empty()
        : Optional.of(
            new Hindrance(
                "The lag is above " + threshold + ".",
                "If it does not shrink: more resources for targets and job, or another"
                    + " options.cdcLagThreshold."));
  }

  private Hindrance retention(OperationStatus status) {
    Instant end = enteredAt(status, Phase.CLEANING_UP).plus(options.cleanupRetention());
    return new Hindrance(
        "The way back is kept until " + end.truncatedTo(ChronoUnit.SECONDS) + ".",
        "'reshard complete " + status.id() + "' ends that now, 'reshard rollback' goes back.");
  }

  private static Instant enteredAt(OperationStatus status, Phase phase) {
    return status.history().stream()
        .filter(one -> one.phase() == phase)
        .map(OperationStatus.PhasePassage::startedAt)
        .reduce((first, second) -> second)
        .orElse(status.startedAt());
  }
}
