package io.reshard.job.apply;

import io.reshard.job.apply.ItemApplication.Change;
import io.reshard.job.target.TargetSessions;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One lane: changes on their way, a fetcher and a writer, as the job has them. Its steps run in a
 * thread of its own, since they may have to wait for a commit or a lock.
 */
final class ItemLane {
  /** So long a step is waited for; one that waits for another lane goes on beside it. */
  private static final long PATIENCE_MILLIS = 40;

  private final SourceReader[] readers = new SourceReader[2];
  private final TargetSessions sessions;
  private final TargetWriter writer;
  private final Deque<Change> changes = new ArrayDeque<>();
  private final List<ChangeBlock> fetched = new ArrayList<>();
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private Future<?> running;
  private Runnable betweenReadAndMerge = () -> {};

  ItemLane(ItemShards shards, TargetSessions sessions, int number) throws SQLException {
    this.sessions = sessions;
    for (int source = 0; source < 2; source++) {
      String name = "fetcher " + number;
      readers[source] = new SourceReader(shards.migration(), "shard-" + source, name);
    }
    writer =
        new TargetWriter(
            shards.migration(), sessions, hooked(new FreshRows(shards.migration(), "refetch")));
  }

  private RowSource hooked(RowSource rows) {
    return new RowSource() {
      @Override
      public ChangeBlock read(int table, int source, int target, Collection<List<String>> keys) {
        ChangeBlock block = rows.read(table, source, target, keys);
        betweenReadAndMerge.run();
        return block;
      }

      @Override
      public void close() throws SQLException {
        rows.close();
      }
    };
  }

  void add(Change change) {
    changes.add(change);
  }

  /** Takes some changes and reads their rows, unless a step is under way. */
  void fetch(int count) throws Exception {
    if (isBusy()) {
      return;
    }
    Map<Integer, KeyBatch> batches = new TreeMap<>();
    for (int taken = 0; taken < count && !changes.isEmpty(); taken++) {
      Change change = changes.remove();
      batches
          .computeIfAbsent(change.source(), source -> new KeyBatch(source, 0))
          .add(new String[] {Long.toString(change.id())}, change.transaction());
    }
    run(
        () -> {
          for (KeyBatch batch : batches.values()) {
            fetched.add(fetch(batch));
          }
          return null;
        });
  }

  private ChangeBlock fetch(KeyBatch batch) throws Exception {
    OwnedRows rows = new OwnedRows();
    readers[batch.source()].read(
        batch, (owner, place, hash, tuple) -> rows.add(place, hash, tuple));
    return new ChangeBlock(0, batch, batch.places(), ItemShards.TARGET, rows);
  }

  void write() throws Exception {
    write(() -> {});
  }

  /**
   * Writes what has been fetched, unless a step is under way. What it evicts is not settled. {@code
   * between} runs after each read of a row that is in the way.
   */
  void write(Runnable between) throws Exception {
    if (!isBusy() && !fetched.isEmpty()) {
      List<ChangeBlock> blocks = List.copyOf(fetched);
      fetched.clear();
      run(
          () -> {
            betweenReadAndMerge = between;
            writer.write(ItemShards.TARGET, blocks);
            betweenReadAndMerge = () -> {};
            return null;
          });
    }
  }

  /** Settles, unless a step is under way; {@code between} runs after each read. */
  void settle(Runnable between) throws Exception {
    if (!isBusy()) {
      betweenReadAndMerge = between;
      writer.settle();
      betweenReadAndMerge = () -> {};
    }
  }

  void settleLeftovers() throws SQLException {
    writer.settle(ItemShards.TARGET, table -> true, Long.MAX_VALUE);
  }

  /** How many blocks did not read back as they were read. */
  long mismatches() {
    return writer.mismatches();
  }

  private void run(Callable<Void> step) throws Exception {
    running = thread.submit(step);
    isBusy();
  }

  /** Whether a step is still under way after some patience. */
  boolean isBusy() throws Exception {
    if (running == null) {
      return false;
    }
    try {
      running.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      running = null;
      return false;
    } catch (TimeoutException e) {
      return true;
    }
  }

  /** Brings everything to the target. */
  void drain() throws Exception {
    join();
    while (!changes.isEmpty()) {
      fetch(changes.size());
      join();
    }
    write();
    join();
    settle(() -> {});
  }

  /** Waits for the end of the step that is under way. */
  void join() throws Exception {
    if (running != null) {
      running.get(60, TimeUnit.SECONDS);
      running = null;
    }
  }

  /** Dies: what it has not committed is lost. */
  void die() throws Exception {
    thread.shutdownNow();
    sessions.close();
    writer.close();
    for (SourceReader reader : readers) {
      reader.close();
    }
    if (running != null) {
      try {
        running.get(60, TimeUnit.SECONDS);
      } catch (ExecutionException died) {
        running = null;
      }
    }
  }
}
