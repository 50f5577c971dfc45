package io.reshard.core.control;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * What a plan captures changes with, and whose turn it is to make or drop it. Every method is one
 * transaction, and whatever writes locks the plan's row first; all are safe to call from several
 * processes.
 */
public final class CaptureRegistry {
  private final ControlDatabase control;
  private final String planId;

  public CaptureRegistry(ControlDatabase control, String planId) {
    this.control = control;
    this.planId = planId;
  }

  /** The row of a plan, as it is locked. */
  private record Standing(long turn, boolean prepared) {}

  /**
   * Takes the turn and records what is about to be made, so that clean-up finds it whatever
   * happens. Returns false, and takes nothing, if an earlier turn that is not replaced has made it
   * whole; {@code epoch_superseded} if a later turn has been taken.
   */
  public boolean begin(CaptureTurn turn, List<CaptureRecord> captures) {
    return control.call(
        "record the change capture",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  Standing standing = lock(handle);
                  if (standing.turn() > turn.number()) {
                    throw superseded();
                  }
                  if (standing.prepared() && !turn.replaces()) {
                    return false;
                  }
                  take(handle, turn);
                  captures.forEach(capture -> insert(handle, capture));
                  return true;
                }));
  }

  /** Takes the turn to drop what is recorded, and returns it; empty if a later turn was taken. */
  public Optional<List<CaptureRecord>> beginRemoval(CaptureTurn turn) {
    return control.call(
        "take the change capture away",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  if (lock(handle).turn() > turn.number()) {
                    return Optional.empty();
                  }
                  take(handle, turn);
                  return Optional.of(captures(handle));
                }));
  }

  private Standing lock(Handle handle) {
    handle.execute("INSERT INTO job (operation_id) VALUES (?) ON CONFLICT DO NOTHING", planId);
    return handle
        .createQuery("SELECT capture_turn, prepared FROM job WHERE operation_id = ? FOR UPDATE")
        .bind(0, planId)
        .map((row, context) -> new Standing(row.getLong(1), row.getBoolean(2)))
        .one();
  }

  private void take(Handle handle, CaptureTurn turn) {
    handle.execute(
        "UPDATE job SET capture_turn = ?, prepared = false WHERE operation_id = ?",
        turn.number(),
        planId);
  }

  private void insert(Handle handle, CaptureRecord capture) {
    handle.execute(
        "INSERT INTO change_capture (operation_id, source, publication, slot) VALUES (?, ?, ?, ?)"
            + " ON CONFLICT (operation_id, source) DO UPDATE SET publication ="
            + " excluded.publication, slot = excluded.slot, heartbeat_number = NULL",
        planId,
        capture.source(),
        capture.publication(),
        capture.slot());
  }

  /** Whether nobody has taken a later turn. */
  public boolean isTurn(CaptureTurn turn) {
    return control.call(
        "see whose turn the change capture is",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery("SELECT capture_turn = ? FROM job WHERE operation_id = ?")
                        .bind(0, turn.number())
                        .bind(1, planId)
                        .mapTo(Boolean.class)
                        .one()));
  }

  /** {@code epoch_superseded} if somebody has taken a later turn. */
  public void requireTurn(CaptureTurn turn) {
    if (!isTurn(turn)) {
      throw superseded();
    }
  }

  /**
   * Marks the change capture of all sources as standing, with the heartbeats at its creation.
   * {@code epoch_superseded} if somebody has taken a later turn: then it is theirs.
   */
  public void markPrepared(CaptureTurn turn, List<CaptureRecord> captures) {
    control.call(
        "mark the change capture as prepared",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  boolean ours = lock(handle).turn() == turn.number();
                  for (CaptureRecord capture : captures) {
                    ours = ours && mark(handle, capture);
                  }
                  if (!ours) {
                    throw superseded();
                  }
                  return handle.execute(
                      "UPDATE job SET prepared = true WHERE operation_id = ?", planId);
                }));
  }

  private boolean mark(Handle handle, CaptureRecord capture) {
    return handle.execute(
            "UPDATE change_capture SET heartbeat_number = ?"
                + " WHERE operation_id = ? AND source = ?",
            capture.heartbeatNumber(),
            planId,
            capture.source())
        == 1;
  }

  /** The change capture of the plan, by source; empty if there is none. */
  public List<CaptureRecord> captures() {
    return control.call("read the change capture", jdbi -> jdbi.withHandle(this::captures));
  }

  /** The names of the slots of all plans, wherever they are. */
  public static Set<String> slots(ControlDatabase control) {
    return control.call(
        "read the slots",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    Set.copyOf(
                        handle
                            .createQuery("SELECT DISTINCT slot FROM change_capture")
                            .mapTo(String.class)
                            .list())));
  }

  private List<CaptureRecord> captures(Handle handle) {
    return handle
        .createQuery(
            "SELECT source, publication, slot, heartbeat_number FROM change_capture"
                + " WHERE operation_id = ? ORDER BY source")
        .bind(0, planId)
        .map(
            (row, context) ->
                new CaptureRecord(
                    row.getString(1),
                    row.getString(2),
                    row.getString(3),
                    row.getObject(4, Long.class)))
        .list();
  }

  /**
   * Forgets the capture of one source once its slot and publication are gone. Returns false if
   * somebody has taken a later turn: what is recorded is theirs.
   */
  public boolean forget(CaptureTurn turn, String source) {
    return control.call(
        "forget the change capture",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  if (lock(handle).turn() != turn.number()) {
                    return false;
                  }
                  handle.execute(
                      "DELETE FROM change_capture WHERE operation_id = ? AND source = ?",
                      planId,
                      source);
                  return true;
                }));
  }

  private ReshardingException superseded() {
    return new ReshardingException(
        ErrorCode.EPOCH_SUPERSEDED,
        "the change capture of plan "
            + planId
            + " has been taken over by a later submission, cutover or rollback; see 'reshard"
            + " status'");
  }
}
