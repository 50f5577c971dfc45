package io.reshard.verifier;

import io.reshard.core.plan.Split;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** Reads keys and row hashes of one step of one table, on either side. For one thread. */
final class StepReader {
  /** Each of them is a query of its own within the statement. */
  private static final int SPLITS_PER_QUERY = 50;

  private final ShardSessions sessions;
  private final ReadingTurns turns;
  private final StepSql sql;
  private final String source;
  private final String target;

  StepReader(
      ShardSessions sessions, ReadingTurns turns, StepSql sql, String source, String target) {
    this.sessions = sessions;
    this.turns = turns;
    this.sql = sql;
    this.source = source;
    this.target = target;
  }

  private String shard(Side side) {
    return side == Side.SOURCE ? source : target;
  }

  /** Scans about so many rows of one side when its turn has come, on a replica if there is one. */
  private <T> T scan(Side side, long rows, ShardSessions.Query<T> query) {
    String shard = shard(side);
    return sessions.scan(
        side,
        shard,
        connection -> turns.read(shard, sql.bytesOf(rows), () -> query.from(connection)));
  }

  /** The step's aggregates of each split of {@code stretch}, of both sides. */
  List<StepAggregates> perSplit(Stretch stretch) {
    List<StepAggregates> found = new ArrayList<>();
    for (int from = 0; from < stretch.splits().size(); from += SPLITS_PER_QUERY) {
      int to = Math.min(from + SPLITS_PER_QUERY, stretch.splits().size());
      List<Split> splits = stretch.splits().subList(from, to);
      List<StepAggregates> onSource = perSplit(Side.SOURCE, splits);
      List<StepAggregates> onTarget = perSplit(Side.TARGET, splits);
      for (int at = 0; at < splits.size(); at++) {
        found.add(onSource.get(at).merge(onTarget.get(at)));
      }
    }
    return found;
  }

  private List<StepAggregates> perSplit(Side side, List<Split> splits) {
    return scan(
        side,
        splits.stream().mapToLong(Split::estimatedRows).sum(),
        connection -> {
          StepAggregates[] found = new StepAggregates[splits.size()];
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(sql.perSplit(splits, target))) {
            while (row.next()) {
              int at = row.getInt(1);
              String one = new Stretch(List.of(splits.get(at))).json();
              found[at] =
                  StepAggregates.of(
                      side, one, source + "->" + target, row.getLong(2), row.getString(3));
            }
          }
          return Arrays.asList(found);
        });
  }

  /** The buckets of {@code split} in which the sides differ. */
  Set<Integer> differingBuckets(Split split, int buckets) {
    if (buckets == 1) {
      return Set.of(0);
    }
    Map<Integer, String> onSource = buckets(Side.SOURCE, split, buckets);
    Map<Integer, String> onTarget = buckets(Side.TARGET, split, buckets);
    Set<Integer> differing = new TreeSet<>();
    for (int bucket = 0; bucket < buckets; bucket++) {
      if (!Objects.equals(onSource.get(bucket), onTarget.get(bucket))) {
        differing.add(bucket);
      }
    }
    return differing;
  }

  private Map<Integer, String> buckets(Side side, Split split, int buckets) {
    return scan(
        side,
        split.estimatedRows(),
        connection -> {
          Map<Integer, String> found = new HashMap<>();
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(sql.buckets(split, target, buckets))) {
            while (row.next()) {
              found.put(row.getInt(1), row.getString(2) + " " + row.getString(3));
            }
          }
          return found;
        });
  }

  /** The keys in one bucket of {@code split} that the sides do not hold with the same hash. */
  List<List<String>> differingKeys(Split split, int bucket, int buckets) {
    String text = sql.rows(split, target, bucket, buckets);
    long rows = split.estimatedRows() / buckets;
    Map<List<String>, RowVersion> onSource = rows(Side.SOURCE, rows, text);
    Map<List<String>, RowVersion> onTarget = rows(Side.TARGET, rows, text);
    List<List<String>> differing = new ArrayList<>();
    onTarget.forEach(
        (key, row) -> {
          RowVersion other = onSource.remove(key);
          if (other == null || other.hash() != row.hash()) {
            differing.add(key);
          }
        });
    differing.addAll(onSource.keySet());
    return differing;
  }

  private Map<List<String>, RowVersion> rows(Side side, long rows, String text) {
    return scan(
        side,
        rows,
        connection -> {
          Map<List<String>, RowVersion> found = new HashMap<>();
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(text)) {
            while (row.next()) {
              List<String> key = sql.key(row, 1);
              long hash = row.getLong(1 + sql.keyColumns());
              found.merge(key, new RowVersion(key, hash, null), RowVersion::and);
            }
          }
          return found;
        });
  }

  /**
   * The present versions of {@code keys} on one side: null where there is no row. This waits for no
   * turn, since a row may be held meanwhile; the next scan pays for it.
   */
  List<RowVersion> versions(Side side, List<List<String>> keys) {
    turns.spend(shard(side), sql.bytesOf(keys.size()));
    return sessions.look(side, shard(side), connection -> versions(connection, keys));
  }

  private List<RowVersion> versions(Connection connection, List<List<String>> keys)
      throws SQLException {
    RowVersion[] found = new RowVersion[keys.size()];
    try (PreparedStatement statement = connection.prepareStatement(sql.rowsByKey(target))) {
      for (int column = 0; column < sql.keyColumns(); column++) {
        int at = column;
        Array values =
            connection.createArrayOf("text", keys.stream().map(key -> key.get(at)).toArray());
        statement.setArray(column + 1, values);
      }
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          int position = row.getInt(1) - 1;
          RowVersion version =
              new RowVersion(
                  sql.key(row, 2),
                  row.getLong(2 + sql.keyColumns()),
                  row.getString(3 + sql.keyColumns()));
          found[position] = found[position] == null ? version : found[position].and(version);
        }
      }
    }
    return Arrays.asList(found);
  }

  /** Keeps the source's row of {@code key} from changing; null if it was not to be had. */
  RowHold hold(List<String> key) {
    return sessions.hold(source, sql.lockByKey(), key);
  }
}
