package io.reshard.orchestrator.hook;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Calls other people's code in a thread of its own, for so long and no longer. */
public final class TimedHooks {
  /** How long a hook may take. */
  public static final Duration TIMEOUT = Duration.ofSeconds(60);

  private TimedHooks() {}

  /** Tells {@code callback}; what went wrong, if anything did. */
  public static Optional<String> tell(PhaseCallback callback, HookEvent event, Duration timeout) {
    return call(
        () -> {
          callback.completed(event);
          return Optional.empty();
        },
        callback,
        timeout);
  }

  /** Asks {@code gate}; why the cutover may not begin, if it may not. */
  public static Optional<String> ask(CutoverGate gate, HookEvent event, Duration timeout) {
    return call(() -> gate.refusal(event), gate, timeout);
  }

  private static Optional<String> call(
      Callable<Optional<String>> work, Object hook, Duration timeout) {
    FutureTask<Optional<String>> task = new FutureTask<>(work);
    Thread thread = new Thread(task, "reshard hook");
    // One that heeds no interruption must not keep the process alive either.
    thread.setDaemon(true);
    thread.start();
    try {
      Optional<String> answer = task.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      return answer == null ? Optional.of(hook + " gave no answer") : answer;
    } catch (TimeoutException e) {
      return Optional.of(hook + " did not end within " + timeout.toSeconds() + " s");
    } catch (ExecutionException e) {
      return Optional.of(hook + " failed: " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(
          ErrorCode.INTERNAL, "interrupted while " + hook + " was at work", e);
    } finally {
      task.cancel(true);
    }
  }
}
