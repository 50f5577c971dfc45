package io.reshard.planner;

import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.TableRule;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.Collectors;

/**
 * Finds rows with one primary key that would meet on a target: ids that each shard has counted by
 * itself. A primary key that holds the shard key cannot do that, since its rows have one owner. The
 * others of all shards whose rows meet are read in one order and merged, up to the first that
 * stands on two.
 */
final class KeyCollisions {
  private final Migration migration;
  private final RowQueries queries;

  KeyCollisions(Migration migration, RowQueries queries) {
    this.migration = migration;
    this.queries = queries;
  }

  void run(Findings findings) {
    ShardWorkers.askAll(migration.targets(), this::collisions)
        .forEach(
            (target, problems) ->
                findings.add(
                    "key_collisions",
                    target,
                    problems,
                    "no primary key will be there twice",
                    "give one of the two rows another key, and let every shard count in a range of"
                        + " its own (ALTER SEQUENCE … RESTART); or put the shard key into the"
                        + " primary key"));
  }

  private List<String> collisions(String target) throws SQLException {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : migration.rules()) {
      Map<String, String> conditions = conditions(rule, target);
      if (conditions.size() > 1) {
        collision(rule, conditions)
            .map(found -> found + ", and " + target + " would hold both")
            .ifPresent(problems::add);
      }
    }
    return problems;
  }

  /** Which rows will meet on the target, by the shards where they are now. */
  private Map<String, String> conditions(TableRule rule, String target) {
    Map<String, String> conditions = new LinkedHashMap<>();
    for (String source : migration.sources()) {
      if (migration.moves().get(rule).containsKey(new Overlap.Pair(source, target))
          && isDoubtful(rule, source)) {
        conditions.put(
            source,
            queries.before(rule, source).ownedBy(source)
                + " AND "
                + queries.after(rule, source).ownedBy(target));
      }
    }
    // A kept target has all its rows until the clean-up, also those that it will lose.
    if (!conditions.isEmpty() && !migration.isNew(target) && isDoubtful(rule, target)) {
      conditions.put(target, "true");
    }
    return conditions;
  }

  private boolean isDoubtful(TableRule rule, String shardId) {
    return queries
        .routable(rule, shardId)
        .map(TableFacts::primaryKey)
        .filter(key -> !key.isEmpty() && !key.contains(rule.shardKey()))
        .isPresent();
  }

  private Optional<String> collision(TableRule rule, Map<String, String> conditions)
      throws SQLException {
    List<KeyStream> streams = new ArrayList<>();
    try {
      for (Map.Entry<String, String> shard : conditions.entrySet()) {
        TableFacts table = queries.routable(rule, shard.getKey()).orElseThrow();
        streams.add(
            KeyStream.open(
                shard.getKey(), queries.open(shard.getKey()), table, key(table), shard.getValue()));
      }
      return firstTwice(streams)
          .map(found -> TableSelection.displayName(rule) + " has the primary key " + found);
    } finally {
      for (KeyStream stream : streams) {
        stream.close();
      }
    }
  }

  private static Optional<String> firstTwice(List<KeyStream> streams) throws SQLException {
    PriorityQueue<KeyStream.Key> next = new PriorityQueue<>();
    for (KeyStream stream : streams) {
      stream.next().ifPresent(next::add);
    }
    KeyStream.Key before = null;
    while (!next.isEmpty()) {
      KeyStream.Key key = next.poll();
      // The shards are not read at one moment: a row that an application moves is seen on both.
      if (before != null
          && before.sameAs(key)
          && before.stream().hasNow(key.text())
          && key.stream().hasNow(key.text())) {
        return Optional.of(
            key.text() + " on " + before.stream().shardId() + " and on " + key.stream().shardId());
      }
      before = key;
      key.stream().next().ifPresent(next::add);
    }
    return Optional.empty();
  }

  /** Equal keys have one text, which quotes what needs it. */
  private static String key(TableFacts table) {
    return table.primaryKey().stream()
        .map(
            name -> {
              String column = "t." + Sql.identifier(name);
              // 1.0 and 1.00 are equal, but differ in text.
              return table.column(name).orElseThrow().type().startsWith("numeric")
                  ? "pg_catalog.trim_scale(" + column + ")"
                  : column;
            })
        .collect(Collectors.joining(", ", "ROW(", ")::text"));
  }
}
