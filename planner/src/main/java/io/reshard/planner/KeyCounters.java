package io.reshard.planner;

import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.TableRule;
import java.math.BigInteger;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds ids that each shard counts by itself and that will soon be there twice: where rows of two
 * shards meet on a target, the values that a sequence gives next must be neither those of the other
 * shard's rows nor those that its sequence gives next. Keys that hold the shard key cannot meet;
 * those declared global do not.
 */
final class KeyCounters {
  private final Migration migration;
  private final Inspection inspection;
  private final RowQueries queries;

  KeyCounters(Migration migration, Inspection inspection, RowQueries queries) {
    this.migration = migration;
    this.inspection = inspection;
    this.queries = queries;
  }

  void run(Findings findings) {
    ShardWorkers.askAll(migration.targets(), this::problems)
        .forEach(
            (target, problems) ->
                findings.add(
                    "key_counters",
                    target,
                    problems,
                    "no two shards count in one range of values, "
                        + KeyCounter.AHEAD
                        + " ahead, in a key whose rows meet",
                    "let every shard count in a range of its own (ALTER SEQUENCE … RESTART, or"
                        + " INCREMENT BY with different starts); or name the column in the"
                        + " table's globalKeys, if the application makes its values unique"));
  }

  private List<String> problems(String target) throws SQLException {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : migration.rules()) {
      Map<String, String> meeting = queries.meetingOn(rule, target);
      if (meeting.size() > 1) {
        problems.addAll(unknownColumns(rule));
        for (String column : countedAlone(rule)) {
          Map<String, KeyCounter> counters = counters(rule, column, meeting.keySet());
          collision(rule, column, meeting, counters)
              .map(found -> found + "; " + target + " would hold both")
              .or(() -> overtaking(rule, column, target, counters))
              .ifPresent(problems::add);
        }
      }
    }
    return problems;
  }

  private List<String> unknownColumns(TableRule rule) {
    return rule.globalKeys() == null
        ? List.of()
        : rule.globalKeys().stream()
            .filter(column -> inspection.reference(rule).column(column).isEmpty())
            .map(column -> TableSelection.displayName(rule) + " has no global key " + column)
            .toList();
  }

  /** Columns that are a unique key by themselves, but for the shard key and what is global. */
  private List<String> countedAlone(TableRule rule) {
    return inspection.uniqueKeys(rule).stream()
        .filter(key -> key.parts().size() == 1 && key.columns().size() == 1)
        .map(key -> key.columns().get(0))
        .filter(column -> !column.equals(rule.shardKey()) && !rule.isGlobal(column))
        .distinct()
        .toList();
  }

  /** The first counter that will give what another shard has, or gives too. */
  private Optional<String> collision(
      TableRule rule, String column, Map<String, String> meeting, Map<String, KeyCounter> counters)
      throws SQLException {
    for (Map.Entry<String, KeyCounter> counter : counters.entrySet()) {
      for (String other : meeting.keySet()) {
        if (!other.equals(counter.getKey())) {
          String found =
              counters.containsKey(other) && counter.getValue().meets(counters.get(other))
                  ? "gives " + counters.get(other).next()
                  : held(rule, column, other, meeting.get(other), counter.getValue());
          if (found != null) {
            return Optional.of(
                "%s.%s: %s gives %s next, and %s %s"
                    .formatted(
                        TableSelection.displayName(rule),
                        column,
                        counter.getKey(),
                        counter.getValue().next(),
                        other,
                        found));
          }
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The cutover moves a kept target's counter beyond those of its sources: into the range of one
   * that goes on counting, unless the target's own bounds keep it apart.
   */
  private Optional<String> overtaking(
      TableRule rule, String column, String target, Map<String, KeyCounter> counters) {
    KeyCounter own = counters.get(target);
    return own == null
        ? Optional.empty()
        : counters.entrySet().stream()
            .filter(other -> !other.getKey().equals(target) && migration.keeps(other.getKey()))
            .filter(other -> own.beyond(other.getValue()).meets(other.getValue()))
            .findFirst()
            .map(
                other ->
                    "%s.%s: the cutover would move the counter of %s to the range of %s, which gives %s next; ALTER SEQUENCE … MAXVALUE %s on %s keeps it in its own"
                        .formatted(
                            TableSelection.displayName(rule),
                            column,
                            target,
                            other.getKey(),
                            other.getValue().next(),
                            other.getValue().next().subtract(BigInteger.ONE),
                            target));
  }

  private Map<String, KeyCounter> counters(TableRule rule, String column, Set<String> shardIds)
      throws SQLException {
    Map<String, KeyCounter> counters = new LinkedHashMap<>();
    for (String shardId : shardIds) {
      try (Session session = queries.open(shardId)) {
        TableFacts table = queries.routable(rule, shardId).orElseThrow();
        KeyCounter.of(session, table, column).ifPresent(counter -> counters.put(shardId, counter));
      }
    }
    return counters;
  }

  /** The row of a shard that has one of the values that a counter gives next; or null. */
  private String held(
      TableRule rule, String column, String shardId, String condition, KeyCounter counter)
      throws SQLException {
    String value = "t." + Sql.identifier(column);
    try (Session session = queries.open(shardId)) {
      return session
          .first(
              "SELECT %s FROM %s t WHERE %s BETWEEN %s AND %s AND (%s::numeric - %s) %% %s = 0 AND %s LIMIT 1"
                  .formatted(
                      value,
                      queries.routable(rule, shardId).orElseThrow().quotedName(),
                      value,
                      counter.least(),
                      counter.greatest(),
                      value,
                      counter.next(),
                      counter.increment(),
                      condition),
              row -> "has a row with " + row.getString(1))
          .orElse(null);
    }
  }
}
