package io.reshard.core.control;

import java.time.Duration;
import java.util.List;

/** How the copy of an operation is held back, and where it waits. Thread-safe. */
public final class ThrottleStore {
  /** A pause that was not renewed for as long has been left by a reader that died. */
  private static final Duration RENEWED_WITHIN = Duration.ofSeconds(15);

  private static final String SET =
      """
      INSERT INTO throttle
        (operation_id, bytes_per_second, readers_per_source, pause_query, pause_above)
      VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (operation_id) DO UPDATE SET bytes_per_second = excluded.bytes_per_second,
        readers_per_source = excluded.readers_per_source, pause_query = excluded.pause_query,
        pause_above = excluded.pause_above
      """;

  private static final String PAUSE =
      """
      INSERT INTO copy_pause (operation_id, source, reason) VALUES (?, ?, ?)
      ON CONFLICT (operation_id, source)
        DO UPDATE SET reason = excluded.reason, renewed_at = now(),
          since = CASE WHEN copy_pause.renewed_at < now() - make_interval(secs => ?)
            THEN now() ELSE copy_pause.since END
      """;

  private final ControlDatabase control;

  public ThrottleStore(ControlDatabase control) {
    this.control = control;
  }

  /** The running job obeys within about a second. */
  public void set(String operationId, Throttle throttle) {
    execute(
        "store the throttle",
        SET,
        operationId,
        throttle.bytesPerSecond(),
        throttle.readersPerSource(),
        throttle.pauseQuery(),
        throttle.pauseAbove());
  }

  /** What was set last; {@link Throttle#NONE} if nothing was. */
  public Throttle get(String operationId) {
    return control.call(
        "read the throttle",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT bytes_per_second, readers_per_source, pause_query, pause_above"
                                + " FROM throttle WHERE operation_id = ?")
                        .bind(0, operationId)
                        .map(
                            (row, context) ->
                                new Throttle(
                                    row.getObject(1, Long.class),
                                    row.getObject(2, Integer.class),
                                    row.getString(3),
                                    row.getObject(4, Double.class)))
                        .findOne()
                        .orElse(Throttle.NONE)));
  }

  /** A reader waits; called again for as long as it does. */
  public void pause(String operationId, String source, String reason) {
    execute(
        "store a pause of the copy",
        PAUSE,
        operationId,
        source,
        reason,
        RENEWED_WITHIN.toSeconds());
  }

  /** The readers of a source go on. */
  public void endPause(String operationId, String source) {
    execute(
        "end a pause of the copy",
        "DELETE FROM copy_pause WHERE operation_id = ? AND source = ?",
        operationId,
        source);
  }

  private void execute(String what, String sql, Object... values) {
    control.call(what, jdbi -> jdbi.withHandle(handle -> handle.execute(sql, values)));
  }

  /** The sources that are not read from at this moment, and why. */
  public List<CopyPause> pauses(String operationId) {
    return control.call(
        "read the pauses of the copy",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT source, reason, since FROM copy_pause WHERE operation_id = ?"
                                + " AND renewed_at > now() - make_interval(secs => ?)"
                                + " ORDER BY source")
                        .bind(0, operationId)
                        .bind(1, RENEWED_WITHIN.toSeconds())
                        .map(
                            (row, context) ->
                                new CopyPause(
                                    row.getString(1),
                                    row.getString(2),
                                    row.getTimestamp(3).toInstant()))
                        .list()));
  }
}
