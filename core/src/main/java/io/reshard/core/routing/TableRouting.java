package io.reshard.core.routing;

import java.util.function.ToIntFunction;

/** Which rows of one table belong to a shard under one topology, as SQL. */
public interface TableRouting {
  /** A boolean expression: the row belongs to {@code shardId}. */
  String ownedBy(String shardId);

  /** A boolean expression, never null: the row does not belong to {@code shardId}. */
  String strayOn(String shardId);

  /** A smallint expression: the ordinal of the row's owner as {@code ordinalOf} numbers shards. */
  String owner(ToIntFunction<String> ordinalOf);

  /**
   * What follows the table in a FROM clause so that {@link #owner} can be read: nothing, or a join
   * that gives each row once for each of its owners.
   */
  String ownersJoin(ToIntFunction<String> ordinalOf);
}
