package io.reshard.job.change;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The events of a stretch of the stream in its order, a key that changed more than once only where
 * it changed first, with its newest transaction: whoever sees that one sees those before it, which
 * had to end before it could change the same row. It stands before heartbeats that it followed, and
 * so is on its target before the frontier passes any of them.
 */
final class ChangedKeys {

  private final List<ChangeEvent> events = new ArrayList<>();
  private final Map<RowKey, ChangeEvent> known = new HashMap<>();

  private record RowKey(short table, List<String> values) {}

  void add(ChangeEvent event) {
    if (event.isHeartbeat()) {
      events.add(event);
      return;
    }
    ChangeEvent first = known.putIfAbsent(new RowKey(event.table, Arrays.asList(event.key)), event);
    if (first == null) {
      events.add(event);
    } else {
      first.transactionId = event.transactionId;
    }
  }

  int size() {
    return events.size();
  }

  /** Not copied; nothing may be added any more. */
  List<ChangeEvent> events() {
    return events;
  }
}
