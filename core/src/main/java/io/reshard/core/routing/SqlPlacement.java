package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import java.util.function.ToIntFunction;

/** A {@link Placement} as SQL expressions over one column; all of them are null for a null key. */
interface SqlPlacement {
  /** A boolean expression: the key belongs to {@code shard}. */
  String ownedBy(Shard shard);

  /** The number of the key's owner; null also for a key that nobody owns. */
  String owner(ToIntFunction<String> ordinalOf);
}
