package io.reshard.core.control;

import io.reshard.core.error.ReshardingException;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the control database again and again, on one session. While it is away there is no answer,
 * which is no error: whoever asks goes by what it heard last. For one thread.
 */
public final class ControlPoll implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPoll.class);

  private final ControlDatabase control;
  private ControlSession session;

  public ControlPoll(ControlDatabase control) {
    this.control = control;
  }

  /** The answer, which must not be null; empty while the control database is away. */
  public <T> Optional<T> ask(Function<ControlDatabase, T> question) {
    try {
      if (session == null) {
        session = control.openSession();
      }
      return Optional.of(question.apply(session.database()));
    } catch (ReshardingException e) {
      LOG.warn("what was asked last stays in force: {}", e.getMessage());
      close();
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    if (session != null) {
      session.close();
      session = null;
    }
  }
}
