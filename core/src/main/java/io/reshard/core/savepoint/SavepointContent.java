package io.reshard.core.savepoint;

import io.reshard.core.plan.Plan;
import java.util.List;

/**
 * What a savepoint of a migration job holds.
 *
 * @param plan of the operation whose job took the savepoint
 * @param tables in the plan's order
 * @param sources in the plan's order
 */
public record SavepointContent(Plan plan, List<TableContent> tables, List<SourceContent> sources) {
  /**
   * A table of it.
   *
   * @param splits of the plan
   * @param finishedSplits those of them that are committed on every target
   * @param parkedKeys changed keys that wait for the end of the copy
   */
  public record TableContent(String table, int splits, int finishedSplits, long parkedKeys) {}

  /**
   * A source of it.
   *
   * @param position a log sequence number: every transaction that committed at or before it was
   *     delivered. 0 if nothing was delivered yet
   * @param heartbeatNumber of the newest heartbeat that was delivered, or the number at the slot's
   *     creation
   */
  public record SourceContent(String source, long position, long heartbeatNumber) {}
}
