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
 * Looks once a second whether somebody, such as a repair, has asked for rows to be fetched again.
 * The subtasks share the targets. Not thread-safe.
 */
final class RequestedRows {
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Migration migration;
  private final TargetWriter writer;
  private final List<Integer> targets;
  private Set<String> complete = Set.of();
  private long looked = System.nanoTime();

  RequestedRows(Migration migration, TargetWriter writer, int subtask, int subtasks) {
    this.migration = migration;
    this.writer = writer;
    List<String> all = migration.plan().targets();
    this.targets =
        IntStream.range(0, all.size())
            .filter(index -> index % subtasks == subtask)
            .mapToObj(index -> migration.plan().shardOrdinal(all.get(index)))
            .toList();
  }

  /** Fetches them, unless it has looked within the last second. */
  void settle() throws SQLException {
    if (System.nanoTime() - looked < INTERVAL_NANOS) {
      return;
    }
    looked = System.nanoTime();
    for (int target : targets) {
      writer.settle(target, this::isComplete);
    }
  }

  /** An index that is being built would make us wait for it, and every change with us. */
  private boolean isComplete(EvictedKey note) {
    String table = migration.table(note.table()).displayName();
    if (!complete.contains(table)) {
      ControlDatabase control = new ControlDatabase(migration.secrets().control().endpoint());
      complete = Set.copyOf(new JobProgress(control, migration.operationId()).completedTables());
    }
    return complete.contains(table);
  }
}
