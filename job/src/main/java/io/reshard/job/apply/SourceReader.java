package io.reshard.job.apply;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.routing.TableRouting;
import io.reshard.job.Migration;
import io.reshard.job.copy.ReadSession;
import io.reshard.job.copy.TupleReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;

/** Reads rows by key from one source, in one session. Not thread-safe. */
final class SourceReader implements AutoCloseable {
  private static final long FIRST_WAIT_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
  private static final long LONGEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Migration migration;
  private final String source;
  private final Connection connection;

  /** Takes the rows of a batch. */
  interface RowConsumer {
    /**
     * One row: {@code owner} is the ordinal of its shard under the new topology, or {@link
     * RoutingSql#NOBODY}, or {@link RoutingSql#STRAY}; {@code place} is that of its key in the
     * batch, from 0.
     */
    void row(int owner, int place, long hash, TupleReader tuple);
  }

  SourceReader(Migration migration, String source, String reader) throws SQLException {
    this.migration = migration;
    this.source = source;
    this.connection =
        ReadSession.open(
            migration.endpoint(source), "reshard " + migration.operationId() + " " + reader);
    try (Statement settings = connection.createStatement()) {
      settings.execute(RowHash.SESSION);
      settings.execute(KeyJoin.SESSION);
    }
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
  }

  /**
   * Reads the rows of the batch's keys that the source owns under the old topology, and strays:
   * those that it owns under neither. What it owns under the new one alone was moved there by us.
   *
   * <p>The visibility race: (1) a transaction writes its commit record; (2) the decoder sends its
   * changes; (3) we read by key; (4) only now the transaction leaves the list of running ones, and
   * the read has missed it. So the snapshot of the read must see every transaction of the batch;
   * until it does, a new one is taken. The wait can last as long as a synchronous standby makes the
   * commit wait; it ends when the task is cancelled.
   */
  void read(KeyBatch batch, RowConsumer consumer) throws SQLException, InterruptedException {
    long wait = FIRST_WAIT_NANOS;
    while (!snapshotSees(batch.transactions())) {
      connection.rollback();
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while waiting for a commit to be visible");
      }
      LockSupport.parkNanos(wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_NANOS);
    }
    PlannedTable table = migration.table(batch.table());
    TupleReader tuples =
        new TupleReader(
            connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyOut(statement(migration.plan(), table, source, batch)),
            table.binaryCopy());
    while (tuples.next()) {
      int place = (int) tuples.cutBigint() - 1;
      consumer.row(tuples.owner(), place, tuples.cutBigint(), tuples);
    }
    connection.commit();
  }

  private boolean snapshotSees(long[] transactions) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_current_snapshot()::text")) {
      row.next();
      Snapshot snapshot = Snapshot.parse(row.getString(1));
      return Arrays.stream(transactions).allMatch(snapshot::sees);
    }
  }

  static String statement(Plan plan, PlannedTable table, String source, KeyBatch batch) {
    TableRouting oldRouting = plan.oldRouting(table, "t");
    TableRouting newRouting = plan.newRouting(table, "t");
    return "COPY (SELECT CASE WHEN "
        + oldRouting.ownedBy(source)
        + " THEN "
        + newRouting.owner(plan::shardOrdinal)
        + " ELSE "
        + RoutingSql.STRAY
        + "::smallint END, k.place, "
        + RowHash.ofRow(table, "t")
        + ", "
        + Sql.identifiers("t", table.copiedColumns())
        + " FROM "
        + keys(table, batch)
        + newRouting.ownersJoin(plan::shardOrdinal)
        + " WHERE "
        + oldRouting.ownedBy(source)
        + " OR "
        + stray(plan, table, source)
        + ") TO STDOUT"
        + (table.binaryCopy() ? " (FORMAT binary)" : "");
  }

  /** The rows of the batch's keys, as the alias t. */
  private static String keys(PlannedTable table, KeyBatch batch) {
    String[][] columns = batch.columns();
    String arrays =
        IntStream.range(0, columns.length)
            .mapToObj(
                column ->
                    Sql.literal(TextArray.of(columns[column]))
                        + "::"
                        + table.primaryKeyTypes().get(column)
                        + "[]")
            .collect(Collectors.joining(", "));
    return KeyJoin.placed(arrays, columns.length)
        + " JOIN "
        + table.quotedName()
        + " AS t ON "
        + KeyJoin.condition(table);
  }

  private static String stray(Plan plan, PlannedTable table, String source) {
    return "("
        + plan.oldRouting(table, "t").strayOn(source)
        + " AND "
        + plan.newRouting(table, "t").strayOn(source)
        + ")";
  }

  /** The primary key of a stray among the batch's keys, if it still is one. */
  Optional<String> findStray(KeyBatch batch) throws SQLException {
    PlannedTable table = migration.table(batch.table());
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT (SELECT string_agg(value, ', ' ORDER BY number) FROM unnest(ARRAY["
                    + table.primaryKey().stream()
                        .map(column -> "t." + Sql.identifier(column) + "::text")
                        .collect(Collectors.joining(", "))
                    + "]) WITH ORDINALITY AS key (value, number)) FROM "
                    + keys(table, batch)
                    + " WHERE "
                    + stray(migration.plan(), table, source)
                    + " LIMIT 1")) {
      Optional<String> found = row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      connection.commit();
      return found;
    }
  }

  ReshardingException failed(KeyBatch batch, SQLException cause) {
    return new ReshardingException(
        ErrorCode.REPLICATION_FAILED,
        "reading %d changed rows of %s on %s failed: %s"
            .formatted(
                batch.size(),
                migration.table(batch.table()).displayName(),
                source,
                cause.getMessage()),
        cause);
  }

  @Override
  public void close() throws SQLException {
    connection.abort(Runnable::run);
  }
}
