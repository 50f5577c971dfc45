package io.reshard.orchestrator.cli;

import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.monitor.RateMeter;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.Phase;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Shows the progress of one operation while something else drives it: on a terminal as a block that
 * is drawn over again, elsewhere as a line for every change. Reads the status by itself, in a
 * thread of its own, until it is closed.
 */
public final class ProgressDisplay implements AutoCloseable {
  /** Set by the launcher, since Java cannot tell whether standard error is a terminal. */
  private static final String TERMINAL = "reshard.terminal";

  // A line that wraps would be drawn over wrongly.
  private static final String COLUMNS = "reshard.columns";
  private static final int DEFAULT_COLUMNS = 80;

  private static final long PERIOD_MILLIS = 500;
  private static final double PERCENT_STEP = 5.0;
  private static final String CLEAR = "\u001b[J";

  private final PrintWriter err;
  private final boolean terminal;
  private final int columns = Integer.getInteger(COLUMNS, DEFAULT_COLUMNS);
  private final Supplier<OperationStatus> source;
  private final Function<OperationStatus, List<String>> notes;
  private final ProgressText text;
  private final RateMeter rate = new RateMeter();
  private final Thread thread = new Thread(this::loop, "progress");
  private volatile boolean closed;
  private int drawnLines;
  private OperationStatus shown;
  private List<String> saidLast = List.of();

  private ProgressDisplay(
      PrintWriter err,
      Plan plan,
      Supplier<OperationStatus> source,
      Function<OperationStatus, List<String>> notes) {
    this.err = err;
    this.source = source;
    this.notes = notes;
    this.terminal = Boolean.getBoolean(TERMINAL);
    this.text = new ProgressText(plan);
  }

  /**
   * Starts to show {@code source} on {@code err}.
   *
   * @param source asked twice a second; what it throws is passed over
   */
  public static ProgressDisplay start(
      PrintWriter err, Plan plan, Supplier<OperationStatus> source) {
    return start(err, plan, source, status -> List.of());
  }

  /**
   * The same with lines below.
   *
   * @param notes what else is to be said of a status
   */
  static ProgressDisplay start(
      PrintWriter err,
      Plan plan,
      Supplier<OperationStatus> source,
      Function<OperationStatus, List<String>> notes) {
    ProgressDisplay display = new ProgressDisplay(err, plan, source, notes);
    display.thread.setDaemon(true);
    display.thread.start();
    return display;
  }

  private void loop() {
    while (!closed) {
      refresh();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PERIOD_MILLIS));
    }
  }

  private synchronized void refresh() {
    try {
      OperationStatus status = source.get();
      rate.add(status.rowsCopied());
      Optional<Double> rowsPerSecond =
          status.phase() == Phase.COPYING ? rate.rowsPerSecond() : Optional.empty();
      List<String> said = notes.apply(status);
      if (terminal) {
        List<String> lines = new ArrayList<>(text.block(status, rowsPerSecond));
        said.forEach(note -> lines.add("  " + note));
        draw(lines);
      } else if (changed(status) || !said.equals(saidLast)) {
        err.println(
            String.join(" · ", text.line(status, rowsPerSecond), String.join(" ", said))
                .replaceFirst(" · $", ""));
        err.flush();
        shown = status;
        saidLast = said;
      }
    } catch (ReshardingException e) {
      // Whoever drives the operation meets the same error and reports it.
      closed = closed || Thread.currentThread().isInterrupted();
    }
  }

  private boolean changed(OperationStatus status) {
    return shown == null
        || shown.phase() != status.phase()
        || shown.lastCompletedPhase() != status.lastCompletedPhase()
        || !Objects.equals(code(shown), code(status))
        || status.overallPercentComplete() >= shown.overallPercentComplete() + PERCENT_STEP;
  }

  private static String code(OperationStatus status) {
    OperationError error = status.error();
    return error == null ? null : error.code();
  }

  private void draw(List<String> lines) {
    if (drawnLines > 0) {
      err.printf("\u001b[%dA", drawnLines);
    }
    err.print(CLEAR);
    int drawn = 0;
    for (String line : lines) {
      for (int start = 0; start == 0 || start < line.length(); start += columns) {
        err.println(line.substring(start, Math.min(line.length(), start + columns)));
        drawn++;
      }
    }
    err.flush();
    drawnLines = drawn;
  }

  /** Shows the last state and stops. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    refresh();
  }
}
