package io.reshard.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * An application under load: threads that write a mix of transactions through a {@link
 * ShardDirectory}, follow every switch, and keep a {@link WriterHistory} against which the rows can
 * be checked afterwards. Safe for use by several threads.
 */
public final class LiveWriter implements AutoCloseable {
  private static final long PAUSE_TIMEOUT_MILLIS = 60_000;
  private static final long STOP_TIMEOUT_MILLIS = 60_000;
  private static final long ABORT_TIMEOUT_MILLIS = 30_000;

  private final WriterHistory history;
  private final PauseGate gate;
  private final List<WriterTask> tasks = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final long startNanos = System.nanoTime();
  private volatile long elapsedNanos;

  private LiveWriter(ShardDirectory directory, WriterHistory history, WriterOptions options) {
    this.history = history;
    this.gate = new PauseGate(options.writers());
    for (int writer = 0; writer < options.writers(); writer++) {
      WriterTask task = new WriterTask(writer, history, options, directory, gate);
      Thread thread = new Thread(task, task.name());
      thread.setDaemon(true);
      tasks.add(task);
      threads.add(thread);
    }
  }

  /** Starts writing to rows of a bulk load, or with {@link LoadedRows#NONE} to empty tables. */
  public static LiveWriter start(
      ShardDirectory directory, LoadedRows loaded, WriterOptions options) {
    return start(directory, new WriterHistory(loaded), options);
  }

  /** Goes on with the history of writers that have stopped. */
  public static LiveWriter start(
      ShardDirectory directory, WriterHistory history, WriterOptions options) {
    LiveWriter writer = new LiveWriter(directory, history, options);
    writer.threads.forEach(Thread::start);
    return writer;
  }

  /** Grows while the writers write; to be checked when they are paused or stopped. */
  public WriterHistory history() {
    return history;
  }

  /** What was done so far, and at what speed. */
  public WriterReport report() {
    ReportBuilder report = new ReportBuilder();
    tasks.forEach(task -> task.statistics().addTo(report));
    return report.build(elapsedNanos == 0 ? System.nanoTime() - startNanos : elapsedNanos);
  }

  /**
   * Does nothing while all writers are well.
   *
   * @throws TestKitException if a writer has given up, with the reason
   */
  public void checkHealthy() {
    List<WriterTask> failed = tasks.stream().filter(task -> task.failure() != null).toList();
    if (!failed.isEmpty()) {
      WriterTask first = failed.get(0);
      TestKitException exception =
          new TestKitException(
              failed.size()
                  + " writers failed; "
                  + first.name()
                  + ": "
                  + first.failure().getMessage(),
              first.failure());
      failed.stream()
          .skip(1)
          .map(WriterTask::failure)
          .filter(Objects::nonNull)
          .forEach(exception::addSuppressed);
      throw exception;
    }
  }

  /** Returns when every transaction has ended and no new one will begin until {@link #resume}. */
  public void pause() {
    try {
      gate.pause(PAUSE_TIMEOUT_MILLIS);
    } catch (TimeoutException e) {
      gate.resume();
      throw new TestKitException("the writers cannot be paused: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestKitException("interrupted while pausing the writers", e);
    }
  }

  public void resume() {
    gate.resume();
  }

  /**
   * Begins the time of which {@link WriterReport#windowMillis} tells, such as that of a switch:
   * ordinary peaks before and after it do not count.
   */
  public void beginWindow() {
    tasks.forEach(task -> task.statistics().beginWindow());
  }

  /** Ends that time; the writes that are under way still belong to it. */
  public void endWindow() {
    tasks.forEach(task -> task.statistics().endWindow());
  }

  /**
   * Ends the writers and returns what they did. A write that is being refused is dropped.
   * Idempotent.
   *
   * @throws TestKitException if a writer had given up before, or does not end
   */
  public WriterReport stop() {
    end();
    checkHealthy();
    return report();
  }

  /**
   * Ends the writers, whatever their state; {@link #checkHealthy} still tells what happened to
   * them.
   */
  @Override
  public void close() {
    end();
  }

  private void end() {
    gate.stop();
    if (!join(STOP_TIMEOUT_MILLIS)) {
      tasks.forEach(WriterTask::abort);
      if (!join(ABORT_TIMEOUT_MILLIS)) {
        throw new TestKitException(
            "writers did not end within "
                + TimeUnit.MILLISECONDS.toSeconds(STOP_TIMEOUT_MILLIS + ABORT_TIMEOUT_MILLIS)
                + " s");
      }
    }
    if (elapsedNanos == 0) {
      elapsedNanos = System.nanoTime() - startNanos;
    }
  }

  private boolean join(long timeoutMillis) {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    try {
      for (Thread thread : threads) {
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestKitException("interrupted while stopping the writers", e);
    }
    return threads.stream().noneMatch(Thread::isAlive);
  }
}
