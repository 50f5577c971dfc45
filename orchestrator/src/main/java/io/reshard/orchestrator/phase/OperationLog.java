package io.reshard.orchestrator.phase;

import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.MDC;

/** Names the operation in every line of the log that its work writes. */
public final class OperationLog {
  private static final String KEY = "operation";

  private OperationLog() {}

  /** From here on in this thread; for a process that works on nothing else. */
  public static void begin(String id) {
    MDC.put(KEY, id);
  }

  static <T> T within(String id, Supplier<T> work) {
    String outer = MDC.get(KEY);
    MDC.put(KEY, id);
    try {
      return work.get();
    } finally {
      restore(outer);
    }
  }

  /** The same work, which names this thread's operation in whichever thread it is done. */
  public static <T> Callable<T> carried(Callable<T> work) {
    String id = MDC.get(KEY);
    return () -> {
      String outer = MDC.get(KEY);
      restore(id);
      try {
        return work.call();
      } finally {
        restore(outer);
      }
    };
  }

  private static void restore(String id) {
    if (id == null) {
      MDC.remove(KEY);
    } else {
      MDC.put(KEY, id);
    }
  }
}
