package io.reshard.testkit;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets a fixed number of workers be held between two pieces of work, and told to end. */
final class PauseGate {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int running;
  private boolean paused;
  private volatile boolean stopping;

  PauseGate(int workers) {
    running = workers;
  }

  /**
   * For a worker, between two pieces of work: waits while paused. False means that it shall end.
   */
  boolean pass() {
    lock.lock();
    try {
      if (paused && !stopping) {
        running--;
        changed.signalAll();
        while (paused && !stopping) {
          changed.awaitUninterruptibly();
        }
        running++;
      }
      return !stopping;
    } finally {
      lock.unlock();
    }
  }

  /** For a worker that ends. */
  void leave() {
    lock.lock();
    try {
      running--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns when no worker is at work. */
  void pause(long timeoutMillis) throws InterruptedException, TimeoutException {
    lock.lock();
    try {
      paused = true;
      awaitIdle(timeoutMillis);
    } finally {
      lock.unlock();
    }
  }

  void resume() {
    lock.lock();
    try {
      paused = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void stop() {
    lock.lock();
    try {
      stopping = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean stopping() {
    return stopping;
  }

  private void awaitIdle(long timeoutMillis) throws InterruptedException, TimeoutException {
    long remaining = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    while (running > 0) {
      if (remaining <= 0) {
        throw new TimeoutException(
            running + " writers are still at work after " + timeoutMillis + " ms");
      }
      remaining = changed.awaitNanos(remaining);
    }
  }
}
