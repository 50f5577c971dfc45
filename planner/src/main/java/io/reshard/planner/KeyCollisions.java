package io.reshard.planner;

import io.reshard.core.topology.TableRule;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Finds rows with one primary key, or one value of a unique index, that would meet on a target: ids
 * that each shard has counted by itself. A key that holds the shard key cannot do that, since its
 * rows have one owner. The others of all shards whose rows meet are read in one order and merged,
 * up to the first that stands on two. Of large tables a share is read, the same on every shard: ids
 * that two shards have counted have many values in common.
 */
final class KeyCollisions {
  /** So many keys of a table are sorted and compared, or at most twice as many. */
  private static final long MOST_KEYS = 1_000_000;

  private final Migration migration;
  private final Inspection inspection;
  private final RowQueries queries;

  KeyCollisions(Migration migration, Inspection inspection, RowQueries queries) {
    this.migration = migration;
    this.inspection = inspection;
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
                    "no unique key will be there twice; of tables with more than "
                        + 2 * MOST_KEYS
                        + " rows a share of the keys was compared",
                    "give one of the two rows another key, and let every shard count in a range of"
                        + " its own (ALTER SEQUENCE … RESTART); or put the shard key into the"
                        + " primary key"));
  }

  private List<String> collisions(String target) throws SQLException {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : migration.rules()) {
      for (UniqueKeyFacts key : inspection.uniqueKeys(rule)) {
        if (!key.columns().contains(rule.shardKey())) {
          collision(rule, key, target)
              .map(found -> found + ", and " + target + " would hold both")
              .ifPresent(problems::add);
        }
      }
    }
    return problems;
  }

  private Optional<String> collision(TableRule rule, UniqueKeyFacts key, String target)
      throws SQLException {
    Map<String, String> conditions = queries.meetingOn(rule, target);
    if (conditions.size() < 2) {
      return Optional.empty();
    }
    long oneIn = Long.highestOneBit(Math.max(1, inspection.rows(rule) / MOST_KEYS));
    List<KeyStream> streams = new ArrayList<>();
    try {
      for (Map.Entry<String, String> shard : conditions.entrySet()) {
        TableFacts table = queries.routable(rule, shard.getKey()).orElseThrow();
        streams.add(
            KeyStream.open(
                shard.getKey(),
                queries.open(shard.getKey()),
                table,
                key.text(),
                key.condition() + " AND " + shard.getValue(),
                oneIn));
      }
      return firstTwice(streams)
          .map(found -> TableSelection.displayName(rule) + " has " + key.label() + " " + found);
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
}
