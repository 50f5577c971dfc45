package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How the time of a copy grows with the rows, and what it needs of memory. The start of an
 * operation takes as long whatever the rows, and varies by more than a small copy takes: so the
 * time from the first rows to the end is told apart.
 */
final class GrowthBench {
  private static final long NEXT_TO_NONE = 1_000;
  private static final long POLL_MILLIS = 20;

  private final List<Long> sizes;

  GrowthBench(List<Long> sizes) {
    this.sizes = sizes;
  }

  /**
   * A copy of so many rows.
   *
   * @param copyMillis from the moment when the first rows were on a target
   */
  record Round(long rows, long copyMillis, Meter.Figure product) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    // The first operation of a process loads its classes, which is no part of any later start.
    copy(folder.resolve("first"), NEXT_TO_NONE);
    for (long rows : sizes) {
      results.add(copy(folder.resolve("rows-" + rows), rows));
    }
    return results;
  }

  private static Round copy(Path folder, long rows)
      throws SQLException, IOException, InterruptedException {
    try (BenchShards shards = new BenchShards(rows, 0);
        Product product = new Product(shards, folder);
        Meter meter = new Meter(shards)) {
      AtomicLong first = new AtomicLong();
      ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor();
      try {
        Future<?> watching =
            watch.scheduleWithFixedDelay(
                () -> {
                  if (product.progress().copiedRows().values().stream().anyMatch(one -> one > 0)) {
                    first.compareAndSet(0, System.nanoTime());
                  }
                },
                0,
                POLL_MILLIS,
                TimeUnit.MILLISECONDS);
        Meter.Figure figure = meter.measure(rows, () -> product.drive(Phase.COPYING));
        if (watching.isDone()) {
          throw new IllegalStateException("the progress could not be read");
        }
        return new Round(rows, (System.nanoTime() - first.get()) / 1_000_000, figure);
      } finally {
        watch.shutdownNow();
      }
    }
  }
}
