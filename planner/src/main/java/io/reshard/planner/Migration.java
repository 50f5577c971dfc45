package io.reshard.planner;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is planned: both topologies, the tables, and the moves of each between the topologies.
 *
 * @param moves by the table's rule; a table of which no key moves is not there
 * @param steps every pair of shards between which keys of some table move
 * @param references reference tables among those that were asked for
 */
record Migration(
    Topology source,
    Topology target,
    Map<TableRule, Map<Overlap.Pair, Overlap>> moves,
    List<Overlap> steps,
    List<TableRule> references) {

  /**
   * Finds the moves.
   *
   * @param selected the tables that were asked for
   * @param keyType tells the type of a table's shard key
   */
  static Migration of(
      Topology source,
      Topology target,
      List<TableRule> selected,
      Function<TableRule, String> keyType) {
    Map<TableRule, Map<Overlap.Pair, Overlap>> moves = new LinkedHashMap<>();
    for (TableRule rule : selected) {
      if (rule.reference()) {
        continue;
      }
      TableRule before = source.rule(rule.schema(), rule.table());
      Map<Overlap.Pair, Overlap> found = new LinkedHashMap<>();
      new StepFinder(source.viewOf(before), target.viewOf(rule), () -> keyType.apply(before))
          .moves()
          .forEach(move -> found.put(move.pair(), move));
      if (!found.isEmpty()) {
        moves.put(rule, found);
      }
    }
    return new Migration(
        source,
        target,
        moves,
        steps(source, target, moves.values()),
        selected.stream().filter(TableRule::reference).toList());
  }

  /** In the order of the topologies. */
  private static List<Overlap> steps(
      Topology source, Topology target, Collection<Map<Overlap.Pair, Overlap>> moves) {
    List<Overlap> steps = new ArrayList<>();
    for (Shard from : source.owners()) {
      for (Shard to : target.owners()) {
        Overlap.Pair pair = new Overlap.Pair(from.id(), to.id());
        List<Overlap> same =
            moves.stream().map(table -> table.get(pair)).filter(Objects::nonNull).toList();
        if (!same.isEmpty()) {
          String told =
              same.stream().map(Overlap::keyRange).distinct().collect(Collectors.joining("; "));
          steps.add(new Overlap(from.id(), to.id(), told, same.get(0).fraction()));
        }
      }
    }
    return steps;
  }

  /** The sharded tables that are moved. */
  List<TableRule> rules() {
    return List.copyOf(moves.keySet());
  }

  /** The shards that rows are read from. */
  List<String> sources() {
    return steps.stream().map(Overlap::source).distinct().toList();
  }

  /** The shards that rows are written to. */
  List<String> targets() {
    return steps.stream().map(Overlap::target).distinct().toList();
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
    return !source.owns(shardId);
  }

  /** The topology that knows the place of {@code shardId}: the old one first, as a plan does. */
  Topology topologyOf(String shardId) {
    return source.findShard(shardId).isPresent() ? source : target;
  }

  /** The old topology as {@code rule} has it. */
  Topology sourceView(TableRule rule) {
    return source.viewOf(source.rule(rule.schema(), rule.table()));
  }

  /** The new topology as {@code rule} has it. */
  Topology targetView(TableRule rule) {
    return target.viewOf(target.rule(rule.schema(), rule.table()));
  }

  /** The share of a table's rows on {@code sourceId} that leaves it for {@code targetId}. */
  double movedShare(TableRule rule, String sourceId, String targetId) {
    Overlap move = moves.get(rule).get(new Overlap.Pair(sourceId, targetId));
    return move == null ? 0 : move.fraction();
  }

  /** The share of a table's rows on {@code sourceId} that leaves it. */
  double movedShare(TableRule rule, String sourceId) {
    double share =
        moves.get(rule).values().stream()
            .filter(move -> move.source().equals(sourceId))
            .mapToDouble(Overlap::fraction)
            .sum();
    return Math.min(1.0, share);
  }
}
