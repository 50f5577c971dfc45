package io.reshard.job.throttle;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.ControlSession;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.error.ReshardingException;
import io.reshard.job.Migration;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the copy's reads of one subtask back. Looks into the control database once a second, so
 * that the operator can change it while the job runs; while that database is away, what it said
 * last stays in force. Used by the reader's thread alone.
 */
public final class ReadThrottle implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReadThrottle.class);
  private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Migration migration;
  private final ControlDatabase control;
  private final Map<String, SourceThrottle> sources = new HashMap<>();
  private ControlSession session;
  private Throttle throttle = Throttle.NONE;
  private long polledAt = System.nanoTime() - POLL_NANOS;

  public ReadThrottle(Migration migration) {
    this.migration = migration;
    this.control = new ControlDatabase(migration.secrets().control().endpoint());
  }

  /** Whether a split of {@code source} may be begun now; if so, {@link #end} has to follow. */
  public boolean begin(String source) throws SQLException {
    poll();
    SourceThrottle own = of(source);
    return !own.paused(throttle, pause -> report(source, pause)) && own.begin(throttle);
  }

  /** A split of {@code source} has been read. */
  public void end(String source) throws SQLException {
    of(source).end();
  }

  /** Bytes of {@code source} have been read. */
  public void spend(String source, long bytes) {
    of(source).spend(bytes);
  }

  /** How long to wait before more of {@code source} may be read; 0 if it may be read now. */
  public long nanosToWait(String source) throws SQLException {
    poll();
    return of(source).nanosToWait(throttle);
  }

  private SourceThrottle of(String source) {
    return sources.computeIfAbsent(source, key -> new SourceThrottle(migration, key));
  }

  private void poll() {
    if (System.nanoTime() - polledAt >= POLL_NANOS) {
      throttle = ask(store -> store.get(migration.operationId())).orElse(throttle);
      polledAt = System.nanoTime();
    }
  }

  private void report(String source, Optional<String> pause) {
    ask(
        store -> {
          pause.ifPresentOrElse(
              reason -> store.pause(migration.operationId(), source, reason),
              () -> store.endPause(migration.operationId(), source));
          return true;
        });
  }

  private <T> Optional<T> ask(Function<ThrottleStore, T> question) {
    try {
      if (session == null) {
        session = control.openSession();
      }
      return Optional.of(question.apply(new ThrottleStore(session.database())));
    } catch (ReshardingException e) {
      LOG.warn("the throttle stays as it was: {}", e.getMessage());
      closeSession();
      return Optional.empty();
    }
  }

  private void closeSession() {
    if (session != null) {
      session.close();
      session = null;
    }
  }

  @Override
  public void close() throws SQLException {
    closeSession();
    for (SourceThrottle source : sources.values()) {
      source.close();
    }
  }
}
