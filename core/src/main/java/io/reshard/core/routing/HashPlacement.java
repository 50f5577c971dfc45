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
  private final HashFunction function;
  private final KeyHash hash;
  private final HashShares shares;

  HashPlacement(Topology topology) {
    this.function = topology.routing().function();
    this.hash = KeyHash.of(function);
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
  public void check(String formatType) {
    if (!hash.takes(KeyType.of(formatType))) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY,
          "a shard key of the type "
              + formatType
              + " cannot be routed by the function "
              + function.text()
              + ": postgres takes smallint, integer, bigint, text, character varying and uuid,"
              + " identity takes integers, the others take every type");
    }
  }

  @Override
  public SqlPlacement sql(String column, String formatType, String schema) {
    return shares.sql(hash, hash.sql(KeyType.of(formatType), column, schema), column);
  }
}
