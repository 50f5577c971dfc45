package io.reshard.planner;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is planned: both topologies, the tables, and the moves of each between the topologies.
 *
 * @param moves by the table's rule; a table of which no key moves is not there
 * @param steps every pair of shards between which keys of some table move
 * @param references the reference tables, if there are new shards that need them
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
      Topology old = source.viewOf(before);
      Topology wanted = target.viewOf(rule);
      LostKeys.refuse(rule.name(), old, wanted, () -> keyType.apply(before));
      Map<Overlap.Pair, Overlap> found = new LinkedHashMap<>();
      new StepFinder(old, wanted, () -> keyType.apply(before))
          .moves()
          .forEach(move -> found.put(move.pair(), move));
      if (!found.isEmpty()) {
        moves.put(rule, found);
      }
    }
    List<Overlap> steps = steps(source, target, moves.values());
    List<TableRule> references =
        steps.stream().allMatch(step -> source.owns(step.target()))
            ? List.of()
            : target.tables().stream().filter(TableRule::reference).toList();
    return new Migration(
        source,
        target,
        moves,
        references.isEmpty() ? steps : withReferences(source, steps),
        references);
  }

  /** Adds the steps by which a new shard gets reference tables and nothing else. */
  private static List<Overlap> withReferences(Topology source, List<Overlap> steps) {
    String reader =
        steps.stream().map(Overlap::source).min(Comparator.naturalOrder()).orElseThrow();
    List<Overlap> all = new ArrayList<>(steps);
    steps.stream()
        .map(Overlap::target)
        .distinct()
        .filter(shardId -> !source.owns(shardId))
        .filter(shardId -> !steps.stream().anyMatch(step -> step.connects(reader, shardId)))
        .forEach(shardId -> all.add(new Overlap(reader, shardId, "reference tables", 0)));
    return all;
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

  /** All tables of the plan. */
  List<TableRule> tables() {
    return Stream.concat(moves.keySet().stream(), references.stream()).toList();
  }

  /** The source that reference tables are read from: the one whose id sorts first. */
  String referenceSource() {
    return Collections.min(sources());
  }

  /** Whether the rows of {@code rule} are read from {@code sourceId}. */
  boolean reads(TableRule rule, String sourceId) {
    return !rule.reference() || sourceId.equals(referenceSource());
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

  /** Whether {@code shardId} goes on taking rows after the switch. */
  boolean keeps(String shardId) {
    return target.owns(shardId);
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
    if (rule.reference()) {
      return isNew(targetId) ? 1 : 0;
    }
    Overlap move = moves.get(rule).get(new Overlap.Pair(sourceId, targetId));
    return move == null ? 0 : move.fraction();
  }

  /** The share of a table's rows on {@code sourceId} that leaves it. */
  double movedShare(TableRule rule, String sourceId) {
    if (rule.reference()) {
      return 1;
    }
    double share =
        moves.get(rule).values().stream()
            .filter(move -> move.source().equals(sourceId))
            .mapToDouble(Overlap::fraction)
            .sum();
    return Math.min(1.0, share);
  }
}
