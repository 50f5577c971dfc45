package io.reshard.orchestrator.phase;

import io.reshard.orchestrator.config.Units;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Judges the health of all operations. An operation that waits in CLEANING_UP is never overdue. */
public final class HealthCheck {
  private static final long SECONDS_PER_HOUR = 3600;

  private final Supplier<OperationStore> store;
  private final Duration maxDuration;
  private final Duration timeout;

  /**
   * A check with its limits.
   *
   * @param store opened at each check; what it throws makes the check unhealthy
   */
  public HealthCheck(Supplier<OperationStore> store, Duration maxDuration, Duration timeout) {
    this.store = store;
    this.maxDuration = maxDuration;
    this.timeout = timeout;
  }

  /** Checks; never throws but for an interruption, and takes at most the timeout. */
  public HealthReport check() {
    // A thread of its own: one that hangs must not keep the next check waiting.
    CompletableFuture<HealthReport> answer =
        CompletableFuture.supplyAsync(
            () -> judge(store.get().list()), work -> daemon(work).start());
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return unknown("Resharding health check timed out after " + timeout.toSeconds() + "s.", e);
    } catch (ExecutionException e) {
      return unknown(
          "Failed to query resharding state: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unknown("Failed to query resharding state: interrupted", e);
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "health");
    thread.setDaemon(true);
    return thread;
  }

  private static HealthReport unknown(String description, Throwable cause) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("activeCount", 0);
    data.put("error", cause.getMessage() == null ? description : cause.getMessage());
    return new HealthReport(HealthReport.Status.UNHEALTHY, description, data);
  }

  private HealthReport judge(List<Operation> all) {
    List<Operation> active = all.stream().filter(one -> !one.phase().terminal()).toList();
    List<Operation> failed = all.stream().filter(one -> one.phase() == Phase.FAILED).toList();
    Instant limit = Instant.now().minus(maxDuration);
    List<Operation> overdue =
        active.stream()
            .filter(one -> one.phase() != Phase.CLEANING_UP && one.startedAt().isBefore(limit))
            .toList();
    Map<String, Object> data = data(active, failed, overdue);
    List<String> issues = new ArrayList<>();
    if (!failed.isEmpty()) {
      issues.add(failed.size() + " failed without rollback");
    }
    if (!overdue.isEmpty()) {
      issues.add(overdue.size() + " exceeded max duration of " + hours(maxDuration));
    }
    if (!issues.isEmpty()) {
      return new HealthReport(
          HealthReport.Status.UNHEALTHY,
          "Resharding issues: " + String.join("; ", issues) + ".",
          data);
    }
    return active.isEmpty()
        ? new HealthReport(HealthReport.Status.HEALTHY, "No active resharding operations.", data)
        : new HealthReport(
            HealthReport.Status.DEGRADED,
            active.size() + " resharding operation(s) in progress.",
            data);
  }

  private static Map<String, Object> data(
      List<Operation> active, List<Operation> failed, List<Operation> overdue) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("activeCount", active.size());
    if (!active.isEmpty() || !failed.isEmpty()) {
      data.put("inProgressCount", active.size());
      data.put("failedCount", failed.size());
      data.put("overdueCount", overdue.size());
      data.put(
          "activeOperations",
          active.stream()
              .map(one -> one.id() + "=" + one.phase())
              .collect(Collectors.joining(",")));
    }
    if (!failed.isEmpty()) {
      data.put("failedIds", ids(failed));
    }
    if (!overdue.isEmpty()) {
      data.put("overdueIds", ids(overdue));
    }
    String errors =
        Stream.concat(active.stream(), failed.stream())
            .filter(one -> one.error() != null)
            .map(one -> one.id() + ": " + one.error().code() + ": " + one.error().message())
            .distinct()
            .collect(Collectors.joining("; "));
    if (!errors.isEmpty()) {
      data.put("error", errors);
    }
    return data;
  }

  private static String ids(List<Operation> operations) {
    return operations.stream().map(Operation::id).collect(Collectors.joining(","));
  }

  private static String hours(Duration duration) {
    boolean wholeHours = !duration.isZero() && duration.toSeconds() % SECONDS_PER_HOUR == 0;
    return wholeHours ? duration.toHours() + "h" : Units.text(duration);
  }
}
