package io.reshard.core.routing;

import io.reshard.core.topology.Shard;

/** Which owner has which hashes. */
interface HashShares {
  Shard owner(long hash);

  /**
   * The same in SQL.
   *
   * @param hashSql what {@link KeyHash#sql} gives for {@code column}
   */
  SqlPlacement sql(KeyHash hash, String hashSql, String column);
}
