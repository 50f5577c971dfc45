package io.reshard.orchestrator.monitor;

import io.reshard.core.control.ControlDatabase;
import io.reshard.orchestrator.monitor.Picture.Window;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the control database keeps of every switch and of every verification. */
final class SwitchRecords {
  private final ControlDatabase control;
  private final Map<String, Long> mismatches = new ConcurrentHashMap<>();

  SwitchRecords(ControlDatabase control) {
    this.control = control;
  }

  /** The read-only window of every switch that could say. */
  List<Window> windows() {
    return control.call(
        "read the windows of the cutovers",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT operation_id, attempt, read_only_millis FROM cutover_attempt"
                                + " WHERE read_only_millis IS NOT NULL")
                        .map(
                            (row, context) ->
                                new Window(row.getString(1), row.getInt(2), row.getLong(3)))
                        .list()));
  }

  /**
   * Keys that differed, over all verifications of an operation. They never become fewer: a run that
   * looks at splits again removes what it had found of them.
   */
  Map<String, Long> mismatches() {
    storedMismatches().forEach((id, keys) -> mismatches.merge(id, keys, Math::max));
    return Map.copyOf(mismatches);
  }

  private Map<String, Long> storedMismatches() {
    return control.call(
        "count the mismatches",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT operation_id, sum(mismatches)::bigint FROM verification"
                                + " GROUP BY operation_id")
                        .reduceRows(
                            new HashMap<String, Long>(),
                            (all, row) -> {
                              all.put(row.getColumn(1, String.class), row.getColumn(2, Long.class));
                              return all;
                            })));
  }
}
