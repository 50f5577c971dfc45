package io.reshard.planner;

import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What catalogs and statistics of all shards of a migration say. Immutable. */
final class Inspection {
  private final Migration migration;
  private final Map<String, ShardFacts> shards;
  private final List<TableRule> found;
  private final List<SplitPlanner.Piece> pieces;
  private final List<Split> splits;
  private final NewShardSchema newShards;

  private Inspection(
      Migration migration,
      Map<String, ShardFacts> shards,
      List<TableRule> found,
      List<SplitPlanner.Piece> pieces,
      List<Split> splits,
      NewShardSchema newShards) {
    this.migration = migration;
    this.shards = shards;
    this.found = found;
    this.pieces = pieces;
    this.splits = splits;
    this.newShards = newShards;
  }

  /** Looks at every source and target, several at once. */
  static Inspection of(Migration migration, Secrets secrets, PlannerOptions options) {
    List<String> ids =
        Stream.concat(migration.sources().stream(), migration.targets().stream())
            .distinct()
            .toList();
    Map<String, ShardFacts> shards =
        ShardWorkers.askAll(ids, id -> ShardFacts.read(migration, id, secrets, options));
    List<TableRule> found =
        migration.tables().stream()
            .filter(rule -> reference(migration, shards, rule) != null)
            .toList();
    List<SplitPlanner.Piece> pieces = pieces(migration, shards, found);
    List<List<List<String>>> bounds = bounds(migration, shards, found, pieces, secrets, options);
    List<Split> splits = SplitPlanner.number(pieces, bounds, found.size());
    List<TableFacts> moved =
        found.stream().map(rule -> reference(migration, shards, rule)).toList();
    NewShardSchema newShards = NewShardSchema.of(migration, shards, moved, secrets, options);
    return new Inspection(migration, shards, found, pieces, splits, newShards);
  }

  private static List<SplitPlanner.Piece> pieces(
      Migration migration, Map<String, ShardFacts> shards, List<TableRule> found) {
    List<SplitPlanner.Piece> pieces = new ArrayList<>();
    for (int table = 0; table < found.size(); table++) {
      String name = TableSelection.displayName(found.get(table));
      for (String source : migration.sources()) {
        TableEstimate estimate = shards.get(source).estimates().get(name);
        if (estimate != null && migration.reads(found.get(table), source)) {
          pieces.add(
              new SplitPlanner.Piece(
                  table, source, estimate, migration.movedShare(found.get(table), source)));
        }
      }
    }
    return pieces;
  }

  private static List<List<List<String>>> bounds(
      Migration migration,
      Map<String, ShardFacts> shards,
      List<TableRule> found,
      List<SplitPlanner.Piece> pieces,
      Secrets secrets,
      PlannerOptions options) {
    int[] parts = SplitPlanner.parts(pieces, options.copyBatchSize());
    Map<String, Map<Integer, List<List<String>>>> perSource =
        ShardWorkers.askAll(
            migration.sources(),
            source -> {
              try (Session session = session(migration, source, secrets, options)) {
                Map<Integer, List<List<String>>> bounds = new HashMap<>();
                for (int index = 0; index < parts.length; index++) {
                  SplitPlanner.Piece piece = pieces.get(index);
                  if (piece.source().equals(source)) {
                    TableFacts table = shards.get(source).table(found.get(piece.table()));
                    bounds.put(index, bounds(session, table, piece.estimate(), parts[index]));
                  }
                }
                return bounds;
              }
            });
    List<List<List<String>>> all = new ArrayList<>();
    for (int index = 0; index < parts.length; index++) {
      all.add(perSource.get(pieces.get(index).source()).get(index));
    }
    return all;
  }

  private static List<List<String>> bounds(
      Session session, TableFacts table, TableEstimate estimate, int parts) throws SQLException {
    return new SplitBounds(session, table).find(estimate, parts);
  }

  static Session session(
      Migration migration, String shardId, Secrets secrets, PlannerOptions options)
      throws SQLException {
    Topology topology = migration.topologyOf(shardId);
    Shard shard = topology.shard(shardId);
    return Session.open(secrets.endpoint(topology, shard), options.queryTimeout());
  }

  /** The table on the source with the lowest place that has it; the others must be like it. */
  private static TableFacts reference(
      Migration migration, Map<String, ShardFacts> shards, TableRule rule) {
    return migration.sources().stream()
        .map(source -> shards.get(source).table(rule))
        .filter(table -> table != null)
        .findFirst()
        .orElse(null);
  }

  TableFacts reference(TableRule rule) {
    return reference(migration, shards, rule);
  }

  ShardFacts shard(String shardId) {
    return shards.get(shardId);
  }

  /** Whether a table of the plan stands on {@code shardId} as it is planned, and can be read. */
  boolean isComparable(String shardId, PlannedTable table) {
    TableFacts facts = shard(shardId).tables().get(table.displayName());
    return facts != null
        && facts.readable()
        && table.columns().equals(facts.columns().stream().map(ColumnFacts::planned).toList());
  }

  /** Of the table that the others must be like; none if it is on no source. */
  List<UniqueKeyFacts> uniqueKeys(TableRule rule) {
    TableFacts table = reference(rule);
    return table == null ? List.of() : table.uniqueKeys();
  }

  /** How many rows of a table the sources have, as far as is known. */
  long rows(TableRule rule) {
    int position = found.indexOf(rule);
    return pieces.stream()
        .filter(piece -> piece.table() == position)
        .mapToLong(piece -> piece.estimate().rows())
        .sum();
  }

  /** The rules whose table stands on a source: the tables of the plan, in its order. */
  List<TableRule> found() {
    return found;
  }

  NewShardSchema newShards() {
    return newShards;
  }

  List<Split> splits() {
    return splits;
  }

  List<String> schema() {
    return newShards.isDumped()
        ? newShards.dump()
        : TableDdl.schema(found.stream().map(this::reference).toList());
  }

  List<PlannedTable> tables() {
    List<PlannedTable> tables = new ArrayList<>();
    for (int table = 0; table < found.size(); table++) {
      int position = table;
      List<TableEstimate> estimates =
          pieces.stream()
              .filter(piece -> piece.table() == position)
              .map(SplitPlanner.Piece::estimate)
              .toList();
      tables.add(
          TableDdl.planned(
              reference(found.get(table)),
              found.get(table),
              estimates.stream().reduce(TableEstimate.EMPTY, TableEstimate::plus),
              newShards.isDumped()));
    }
    return tables;
  }

  /** How much of all tables moves from one shard to another. */
  TableEstimate moved(String source, String target) {
    TableEstimate sum = TableEstimate.EMPTY;
    for (SplitPlanner.Piece piece : pieces) {
      if (piece.source().equals(source)) {
        double share = migration.movedShare(found.get(piece.table()), source, target);
        sum = sum.plus(piece.estimate().times(share));
      }
    }
    return sum;
  }
}
