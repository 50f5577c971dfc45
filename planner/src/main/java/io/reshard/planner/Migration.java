package io.reshard.planner;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.List;

/**
 * What is planned: both topologies, the moves between them, and the tables.
 *
 * @param rules the sharded tables that are moved
 * @param references reference tables among those that were asked for
 * @param leftOut the sharded tables that were not asked for
 */
record Migration(
    Topology source,
    Topology target,
    List<Overlap> moves,
    List<TableRule> rules,
    List<TableRule> references,
    List<TableRule> leftOut) {

  static Migration of(
      Topology source, Topology target, List<Overlap> moves, List<TableRule> selected) {
    return new Migration(
        source,
        target,
        moves,
        selected.stream().filter(rule -> !rule.reference()).toList(),
        selected.stream().filter(TableRule::reference).toList(),
        target.tables().stream()
            .filter(rule -> !rule.reference() && !selected.contains(rule))
            .toList());
  }

  /** The shards that rows are read from. */
  List<String> sources() {
    return moves.stream().map(Overlap::source).distinct().toList();
  }

  /** The shards that rows are written to. */
  List<String> targets() {
    return moves.stream().map(Overlap::target).distinct().toList();
  }

  /** The targets that own rows already. */
  List<String> existingTargets() {
    return targets().stream().filter(shardId -> !isNew(shardId)).toList();
  }

  /** The targets that start empty. */
  List<String> newTargets() {
    return targets().stream().filter(this::isNew).toList();
  }

  boolean isNew(String shardId) {
    return source.findShard(shardId).filter(Shard::statesOwnership).isEmpty();
  }

  /** The topology that knows the place of {@code shardId}: the old one first, as a plan does. */
  Topology topologyOf(String shardId) {
    return source.findShard(shardId).isPresent() ? source : target;
  }

  /** The share of a source's rows that leaves it. */
  double movedShare(String sourceId) {
    double share =
        moves.stream()
            .filter(move -> move.source().equals(sourceId))
            .mapToDouble(Overlap::fraction)
            .sum();
    return Math.min(1.0, share);
  }
}
