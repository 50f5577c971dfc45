package io.reshard.orchestrator.phase;

import java.util.function.Supplier;
import org.slf4j.MDC;

/** Names the operation in every line of the log that its work writes. */
final class OperationLog {
  private static final String KEY = "operation";

  private OperationLog() {}

  static <T> T within(String id, Supplier<T> work) {
    MDC.put(KEY, id);
    try {
      return work.get();
    } finally {
      MDC.remove(KEY);
    }
  }
}
