package io.reshard.orchestrator.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** How fast rows are copied with 1, 2, 4 and 8 splits at a time. */
final class ScalingBench {
  private static final List<Integer> SPLITS_AT_A_TIME = List.of(1, 2, 4, 8);

  private final long rows;
  private final int rounds;

  ScalingBench(long rows, int rounds) {
    this.rows = rows;
    this.rounds = rounds;
  }

  /** One copy; see {@link CopyTime}. */
  record Round(int splitsAtATime, CopyTime copy) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      for (int splits : SPLITS_AT_A_TIME) {
        Path own = folder.resolve("round-" + round + "-" + splits);
        try (BenchShards shards = new BenchShards(rows, 0);
            Product product = new Product(shards, own, splits)) {
          results.add(new Round(splits, CopyTime.measure(shards, product)));
        }
      }
    }
    return results;
  }
}
