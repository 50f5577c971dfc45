package io.reshard.planner;

import java.sql.SQLException;

/** Estimates a table's size without scanning it. */
final class TableEstimator {
  /** A table that was never analyzed is counted in so many blocks at most. */
  private static final long SAMPLED_BLOCKS = 200;

  private static final String SIZE =
      """
      SELECT pg_catalog.pg_relation_size(c.oid),
        CASE WHEN c.reltoastrelid = 0 THEN 0
          ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END,
        c.reltuples::float8, c.relpages, current_setting('block_size')::bigint
      FROM pg_catalog.pg_class c WHERE c.oid = ?::oid
      """;

  private TableEstimator() {}

  private record Size(long mainBytes, long toastBytes, double tuples, long pages, long blockSize) {}

  /**
   * PostgreSQL's own method (manual, chapter 70.1): the density of rows at the last ANALYZE or
   * VACUUM, times the present size; or the density of a sample, where there was none.
   */
  static TableEstimate estimate(Session session, TableFacts table) throws SQLException {
    Size size =
        session.one(
            SIZE,
            row ->
                new Size(
                    row.getLong(1),
                    row.getLong(2),
                    row.getDouble(3),
                    row.getLong(4),
                    row.getLong(5)),
            table.oid());
    long blocks = size.mainBytes() / size.blockSize();
    long bytes = size.mainBytes() + size.toastBytes();
    if (blocks == 0) {
      return TableEstimate.EMPTY;
    }
    if (size.tuples() > 0 && size.pages() > 0) {
      long rows = Math.round(size.tuples() / size.pages() * blocks);
      return new TableEstimate(rows, bytes, blocks, size.tuples());
    }
    long rows = table.readable() ? sampledRows(session, table, blocks) : 0;
    return new TableEstimate(rows, bytes, blocks, -1);
  }

  private static long sampledRows(Session session, TableFacts table, long blocks)
      throws SQLException {
    double share = Math.min(1.0, (double) SAMPLED_BLOCKS / blocks);
    long counted =
        session.one(
            "SELECT count(*) FROM ONLY "
                + table.quotedName()
                + " TABLESAMPLE SYSTEM ("
                + share * 100
                + ") REPEATABLE (0)",
            row -> row.getLong(1));
    return Math.round(counted / share);
  }
}
