package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * How the time of a copy grows with the rows, and what it needs of memory. A copy of hardly any
 * rows comes first: what it takes is the start of every copy.
 */
final class GrowthBench {
  private static final long NEXT_TO_NONE = 1_000;

  private final List<Long> sizes;

  GrowthBench(List<Long> sizes) {
    this.sizes = sizes;
  }

  /** A copy of so many rows. */
  record Round(long rows, Meter.Figure product) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    // The first operation of a process loads its classes, which is no part of any later start.
    copy(folder.resolve("first"), NEXT_TO_NONE);
    results.add(copy(folder.resolve("start"), NEXT_TO_NONE));
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
      return new Round(rows, meter.measure(rows, () -> product.drive(Phase.COPYING)));
    }
  }
}
