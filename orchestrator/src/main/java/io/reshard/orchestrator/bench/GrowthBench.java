package io.reshard.orchestrator.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * How the time of a copy grows with the rows, and what it needs of memory. The start of an
 * operation takes as long whatever the rows, and varies by more than a small copy takes: so it is
 * told apart.
 */
final class GrowthBench {
  private static final long NEXT_TO_NONE = 1_000;

  private final List<Long> sizes;

  GrowthBench(List<Long> sizes) {
    this.sizes = sizes;
  }

  List<CopyTime> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<CopyTime> results = new ArrayList<>();
    // The first operation of a process loads its classes, which is no part of any later start.
    copy(folder.resolve("first"), NEXT_TO_NONE);
    for (long rows : sizes) {
      results.add(copy(folder.resolve("rows-" + rows), rows));
    }
    return results;
  }

  private static CopyTime copy(Path folder, long rows)
      throws SQLException, IOException, InterruptedException {
    try (BenchShards shards = new BenchShards(rows, 0);
        Product product = new Product(shards, folder)) {
      return CopyTime.measure(shards, product);
    }
  }
}
