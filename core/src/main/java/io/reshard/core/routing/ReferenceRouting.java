package io.reshard.core.routing;

import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * The rows of a reference table in one migration. Each shard has all of them, and none is ever a
 * stray; what counts here is between which shards they are copied: under the old topology from one
 * source, under the new one to every new shard.
 *
 * @param shardIds the shards that send or receive the rows
 */
public record ReferenceRouting(List<String> shardIds) implements TableRouting {
  @Override
  public String ownedBy(String shardId) {
    return Boolean.toString(shardIds.contains(shardId));
  }

  @Override
  public String strayOn(String shardId) {
    return "false";
  }

  @Override
  public String owner(ToIntFunction<String> ordinalOf) {
    return "reshard_owners.ordinal";
  }

  @Override
  public String ownersJoin(ToIntFunction<String> ordinalOf) {
    String ordinals =
        shardIds.stream()
            .map(shardId -> Integer.toString(ordinalOf.applyAsInt(shardId)))
            .collect(Collectors.joining(","));
    return " CROSS JOIN unnest('{" + ordinals + "}'::smallint[]) AS reshard_owners (ordinal)";
  }
}
