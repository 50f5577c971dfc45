package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;
import java.util.List;

/**
 * What an operator may choose about a plan.
 *
 * @param tables names of the tables to move, such as {@code public.orders}; empty means all
 * @param copyBatchSize rows that one copy transaction aims at; at least 1
 * @param queryTimeout limit of each statement that reads catalogs or statistics
 * @param scanTimeout limit of each statement that looks through a table, such as for strays
 * @param openTransactionAge from which on a transaction that writes stands in the way
 * @param dumpProgram PostgreSQL's pg_dump, which is used where it can be run
 */
public record PlannerOptions(
    List<String> tables,
    int copyBatchSize,
    Duration queryTimeout,
    Duration scanTimeout,
    Duration openTransactionAge,
    String dumpProgram) {
  private static final int DEFAULT_COPY_BATCH_SIZE = 10_000;

  public PlannerOptions {
    tables = tables == null ? List.of() : List.copyOf(tables);
    if (copyBatchSize < 1) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          "copyBatchSize is " + copyBatchSize + ", but must be at least 1");
    }
  }

  /** All tables, 10 000 rows, one minute per query and transaction, one hour per scan. */
  public static PlannerOptions defaults() {
    return new PlannerOptions(
        List.of(),
        DEFAULT_COPY_BATCH_SIZE,
        Duration.ofMinutes(1),
        Duration.ofHours(1),
        Duration.ofMinutes(1),
        "pg_dump");
  }

  public PlannerOptions withTables(List<String> names) {
    return new PlannerOptions(
        names, copyBatchSize, queryTimeout, scanTimeout, openTransactionAge, dumpProgram);
  }

  public PlannerOptions withCopyBatchSize(int rows) {
    return new PlannerOptions(
        tables, rows, queryTimeout, scanTimeout, openTransactionAge, dumpProgram);
  }

  PlannerOptions withOpenTransactionAge(Duration age) {
    return new PlannerOptions(tables, copyBatchSize, queryTimeout, scanTimeout, age, dumpProgram);
  }

  PlannerOptions withDumpProgram(String program) {
    return new PlannerOptions(
        tables, copyBatchSize, queryTimeout, scanTimeout, openTransactionAge, program);
  }

  /** The same for statements that look through tables. */
  PlannerOptions forScans() {
    return new PlannerOptions(
        tables, copyBatchSize, scanTimeout, scanTimeout, openTransactionAge, dumpProgram);
  }
}
