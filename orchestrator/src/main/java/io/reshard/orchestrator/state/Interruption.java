package io.reshard.orchestrator.state;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * For tests only: {@code -Dreshard.test.stopAt=MILESTONE:HOW} interrupts the process when it passes
 * the milestone for the first time. HOW is {@code kill} (SIGKILL), {@code freeze} (SIGSTOP, until
 * somebody sends SIGCONT), {@code fail} (an internal error), or a number of milliseconds to stand
 * still for. {@code note} writes every milestone that is passed to standard error. Without the
 * property nothing happens.
 */
final class Interruption {
  private static final String STOP_AT = System.getProperty("reshard.test.stopAt");
  private static final AtomicBoolean DUE = new AtomicBoolean(true);

  private Interruption() {}

  static void at(Milestone milestone) {
    if (STOP_AT == null) {
      return;
    }
    if (STOP_AT.equals("note")) {
      System.err.println("passed " + milestone);
    } else if (STOP_AT.startsWith(milestone + ":") && DUE.getAndSet(false)) {
      interrupt(milestone, STOP_AT.substring(milestone.name().length() + 1));
    }
  }

  private static void interrupt(Milestone milestone, String how) {
    System.err.println("interrupted at " + milestone);
    switch (how) {
      case "kill" -> signal("-KILL");
      case "freeze" -> signal("-STOP");
      case "fail" ->
          throw new ReshardingException(
              ErrorCode.INTERNAL, "interrupted at " + milestone + ", as a test wants it");
      default -> standStill(Duration.ofMillis(Long.parseLong(how)));
    }
  }

  private static void signal(String signal) {
    try {
      new ProcessBuilder("kill", signal, Long.toString(ProcessHandle.current().pid()))
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new ReshardingException(ErrorCode.INTERNAL, "cannot run 'kill " + signal + "'", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void standStill(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    while (System.nanoTime() - end < 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(duration.toNanos() / 10 + 1);
    }
  }
}
