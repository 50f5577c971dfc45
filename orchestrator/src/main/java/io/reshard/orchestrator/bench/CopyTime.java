package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.sql.SQLException;

/**
 * A copy, with what every copy costs apart.
 *
 * @param planMillis of the planner, before all else
 * @param attempts of the job: with more than one the other times are those of the last, which had
 *     less to do
 * @param startMillis from the beginning until the first operator of the job runs
 * @param copyMillis from then until the last primary key stands
 * @param rowsPerSecond in {@code copyMillis}
 * @param product with the start
 */
record CopyTime(
    long rows,
    long planMillis,
    long attempts,
    long startMillis,
    long copyMillis,
    long rowsPerSecond,
    Meter.Figure product) {
  private static final String COPIED =
      "SELECT (extract(epoch FROM max(updated_at)) * 1000)::bigint FROM reshard.job_progress"
          + " WHERE kind = 'table'";

  private static final String ATTEMPTS = "SELECT count(*) FROM reshard.job_attempt";

  static CopyTime measure(BenchShards shards, Product product)
      throws SQLException, IOException, InterruptedException {
    try (Meter meter = new Meter(shards)) {
      long begun = System.currentTimeMillis();
      Meter.Figure figure = meter.measure(shards.rows(), () -> product.drive(Phase.COPYING));
      long running = product.runningSinceMillis();
      long copied = number(shards, COPIED);
      long millis = Math.max(1, copied - running);
      return new CopyTime(
          shards.rows(),
          shards.planMillis(),
          number(shards, ATTEMPTS),
          running - begun,
          millis,
          shards.rows() * 1000 / millis,
          figure);
    }
  }

  private static long number(BenchShards shards, String query) throws SQLException {
    return Long.parseLong(BenchShards.value(shards.targetServer(0), BenchShards.CONTROL, query));
  }
}
