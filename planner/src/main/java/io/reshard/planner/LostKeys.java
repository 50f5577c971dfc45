package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.routing.Router;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.function.Supplier;

/**
 * Keys that belong to a shard now and would belong to none. Only a directory without a default
 * leaves any out. That no such row exists at the moment is not enough: the application may write
 * one after the check, which would not be copied anywhere, and would be cleaned up in the end.
 */
final class LostKeys {
  private LostKeys() {}

  /** {@code invalid_topology} names the first of them. */
  static void refuse(String table, Topology before, Topology after, Supplier<String> keyType) {
    if (takesAll(after)) {
      return;
    }
    for (Shard shard : before.owners()) {
      if (before.routing().strategy() != RoutingStrategy.DIRECTORY || shard.isDefault()) {
        throw lost(table, shard, "keys that the new topology does not list");
      }
      Router router = new Router(after, keyType.get());
      for (String key : shard.listedKeys()) {
        if (!routes(router, key)) {
          throw lost(table, shard, "the key '" + key + "', which the new topology does not list");
        }
      }
    }
  }

  private static boolean takesAll(Topology topology) {
    return topology.routing().strategy() != RoutingStrategy.DIRECTORY
        || topology.owners().stream().anyMatch(Shard::isDefault);
  }

  private static boolean routes(Router router, String key) {
    try {
      router.route(key);
      return true;
    } catch (ReshardingException e) {
      if (e.errorCode() == ErrorCode.KEY_NOT_ROUTED) {
        return false;
      }
      throw e;
    }
  }

  private static ReshardingException lost(String table, Shard shard, String what) {
    return new ReshardingException(
        ErrorCode.INVALID_TOPOLOGY,
        "%s: shard '%s' owns %s; list it under a shard, or let one be the default"
            .formatted(table, shard.id(), what));
  }
}
