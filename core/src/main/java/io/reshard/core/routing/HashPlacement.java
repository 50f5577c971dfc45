package io.reshard.core.routing;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.UUID;

/** Places keys by their hash: strategies hash, ring and modulo. */
final class HashPlacement implements Placement {
  private final KeyHash hash;
  private final KeyType family;
  private final HashShares shares;

  HashPlacement(Topology topology, ShardKeyType type) {
    HashFunction function = topology.routing().function();
    this.hash = KeyHash.of(function);
    this.family = type.family();
    if (!hash.takes(family)) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY,
          "a shard key of the type "
              + type
              + " cannot be routed by the function "
              + function.text()
              + ": postgres takes smallint, integer, bigint, text, character varying and uuid,"
              + " identity takes integers, the others take every type");
    }
    this.shares =
        topology.routing().strategy() == RoutingStrategy.MODULO
            ? new Remainders(topology)
            : HashSpace.of(topology);
  }

  @Override
  public Shard ofLong(long key) {
    return shares.owner(hash.ofLong(key));
  }

  @Override
  public Shard ofText(String key) {
    return shares.owner(hash.ofText(key));
  }

  @Override
  public Shard ofUuid(UUID key) {
    return shares.owner(hash.ofUuid(key));
  }

  @Override
  public SqlPlacement sql(String column, String schema) {
    return shares.sql(hash, hash.sql(family, column, schema), column);
  }
}
