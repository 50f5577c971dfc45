package io.reshard.job.apply;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobProgress;
import io.reshard.job.Migration;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Fetches rows again that are noted on the targets: what an earlier attempt has left, and once a
 * second what somebody else, such as a repair, has asked for. Then the subtasks share the targets,
 * and no turn takes long: nothing that was asked for is missing on its target more than before, so
 * watermarks and barriers need not wait until all of it is fetched. Notes of a table wait until it
 * is complete. Not thread-safe.
 */
final class RequestedRows {
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Migration migration;
  private final TargetWriter writer;
  private final List<Integer> targets;
  private final long turnNanos;
  private Set<String> complete = Set.of();
  private boolean asked;
  private boolean more;
  private long looked = System.nanoTime();

  RequestedRows(Migration migration, TargetWriter writer, int subtask, int subtasks) {
    this(migration, writer, subtask, subtasks, TURN_NANOS);
  }

  /**
   * @param turnNanos how long one call may fetch for, besides one batch of each target
   */
  RequestedRows(
      Migration migration, TargetWriter writer, int subtask, int subtasks, long turnNanos) {
    this.turnNanos = turnNanos;
    this.migration = migration;
    this.writer = writer;
    List<String> all = migration.plan().targets();
    this.targets =
        IntStream.range(0, all.size())
            .filter(index -> index % subtasks == subtask)
            .mapToObj(index -> migration.plan().shardOrdinal(all.get(index)))
            .toList();
  }

  /** Fetches some of them, unless there were no more and it has looked within the last second. */
  void settle() throws SQLException {
    if (!more && System.nanoTime() - looked < INTERVAL_NANOS) {
      return;
    }
    looked = System.nanoTime();
    more = settle(targets, turnNanos / Math.max(1, targets.size()));
  }

  /** Fetches again what an earlier attempt has evicted, all of it, on every target. */
  void settleLeftovers() throws SQLException {
    settle(
        migration.plan().targets().stream().map(migration.plan()::shardOrdinal).toList(),
        Long.MAX_VALUE);
  }

  /** Whether some may be left. */
  private boolean settle(List<Integer> ordinals, long nanosEach) throws SQLException {
    asked = false;
    boolean left = false;
    for (int target : ordinals) {
      left |= !writer.settle(target, this::isComplete, nanosEach);
    }
    return left;
  }

  /**
   * An index that is being built would make us wait for it, and every change with us; or it would
   * have to begin anew: (1) an attempt makes room for a unique index, and dies while it is built;
   * (2) the next attempt's tracker begins to build it again; (3) we wait for its lock until we give
   * up; (4) the attempt after that ends the builder's session. Nothing is missed: a gate whose
   * state lets the changes of a table through was told so together with the control database, and
   * any other one is told once the index builder has settled the notes itself.
   */
  private boolean isComplete(int number) {
    String table = migration.table(number).displayName();
    if (!complete.contains(table) && !asked) {
      ControlDatabase control = new ControlDatabase(migration.secrets().control().endpoint());
      complete = Set.copyOf(new JobProgress(control, migration.operationId()).completedTables());
      asked = true;
    }
    return complete.contains(table);
  }
}
