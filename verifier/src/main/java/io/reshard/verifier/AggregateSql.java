package io.reshard.verifier;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.SplitSql;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.routing.TableRouting;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The statement of one {@link Reading}. It takes the stretches as a text array and gives a row for
 * each step of each of them: the stretch, the step, how many rows of it the step moves, and their
 * checksum. If the shard's strays are counted, they come first, unless there are none.
 *
 * <p>All of that is one scan, and each row is routed once in it: what a row belongs to is the
 * number of the shard at the other end of its step. Measured, in terms of the bare aggregate: 1.15
 * times as long with a FILTER per number, 1.5 times with GROUP BY.
 */
final class AggregateSql {
  private static final String ALIAS = "t";

  /** Each number costs a row some comparisons; grouping costs the same for all of them. */
  private static final int MOST_FILTERS = 6;

  private final Plan plan;
  private final Side side;
  private final Reading reading;
  private final PlannedTable table;
  private final String rowHash;
  private final TableRouting before;
  private final TableRouting after;

  /**
   * The number of rows that lie astray. On a source that is nobody's, since its rows have the
   * number of their new owner; on a target it is another, since that a row had no owner is no
   * fault.
   */
  private final int astray;

  AggregateSql(Plan plan, VerificationMode mode, Side side, Reading reading) {
    this.plan = plan;
    this.side = side;
    this.reading = reading;
    this.table = plan.tables().get(reading.range().table());
    this.before = plan.oldRouting(table, ALIAS);
    this.after = plan.newRouting(table, ALIAS);
    this.astray = side == Side.SOURCE ? RoutingSql.NOBODY : RoutingSql.NOBODY - 1;
    // Rows that are only counted are equal if their keys are.
    this.rowHash = mode.checksums() ? RowHash.ofRow(table, ALIAS) : "0::bigint";
  }

  /** What is asked for: one line of the result. */
  private record Subject(int stretch, String name, int number, String target) {
    String values() {
      return "(" + stretch + ", " + Sql.literal(name) + "::text, " + number + ")";
    }
  }

  String text() {
    List<Subject> subjects = subjects();
    return "SELECT (?::text[])[stretch], subject, coalesce(count, 0), coalesce(checksum, 0)::text"
        + "\nFROM (VALUES "
        + subjects.stream().map(Subject::values).collect(Collectors.joining(", "))
        + ") wanted(stretch, subject, number) LEFT JOIN ("
        + (table.isReference() ? everyRow(subjects) : routedRows(subjects))
        + ") found USING (number)\nWHERE number <> "
        + astray
        + " OR count > 0 ORDER BY number";
  }

  private List<Subject> subjects() {
    List<Subject> subjects = new ArrayList<>();
    for (int at = 0; at < reading.stretches().size(); at++) {
      String source = reading.stretches().get(at).first().source();
      if (!table.isReference() && countsStrays(source)) {
        String name =
            new VerificationReport.StrayTotal(reading.shard(), Mismatch.Kind.STRAY, 0).subject();
        subjects.add(new Subject(at + 1, name, astray, reading.shard()));
      }
      for (String target :
          side == Side.SOURCE ? plan.targetsOf(source) : List.of(reading.shard())) {
        int other = plan.shardOrdinal(side == Side.SOURCE ? target : source);
        subjects.add(new Subject(at + 1, source + "->" + target, other, target));
      }
    }
    return subjects;
  }

  /** Each shard's strays are counted once: as a source, or else with its first step's source. */
  private boolean countsStrays(String source) {
    return side == Side.SOURCE
        || (!plan.sources().contains(reading.shard())
            && plan.steps().stream()
                .filter(step -> step.target().equals(reading.shard()))
                .findFirst()
                .orElseThrow()
                .source()
                .equals(source));
  }

  /** Every row counts for every target that receives the table. */
  private String everyRow(List<Subject> subjects) {
    String received =
        subjects.stream()
            .map(subject -> "(" + subject.number() + ", " + after.ownedBy(subject.target()) + ")")
            .collect(Collectors.joining(", "));
    return "SELECT number, count, checksum FROM (VALUES "
        + received
        + ") wanted(number, received) CROSS JOIN (SELECT count(*) AS count, sum("
        + rowHash
        + ") AS checksum\nFROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, reading.range(), ALIAS)
        + " AND "
        + before.ownedBy(reading.range().source())
        + ") counted WHERE received";
  }

  private String routedRows(List<Subject> subjects) {
    return subjects.size() <= MOST_FILTERS ? filtered(subjects) : grouped(subjects);
  }

  private String filtered(List<Subject> subjects) {
    List<String> aggregates = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    StringBuilder number = new StringBuilder("CASE");
    for (int at = 0; at < subjects.size(); at++) {
      Subject subject = subjects.get(at);
      String filter = ") FILTER (WHERE number = " + subject.number() + ")";
      aggregates.add("count(*" + filter + " AS count" + at);
      // Nobody compares what lies astray.
      String checksum = subject.number() == astray ? "NULL::numeric" : "sum(hash" + filter;
      aggregates.add(checksum + " AS checksum" + at);
      lines.add("(" + subject.number() + ", count" + at + ", checksum" + at + ")");
      if (subject.number() != astray) {
        String other = plan.shardIds().get(subject.number());
        number.append(" WHEN " + there().ownedBy(other) + " THEN " + subject.number());
      }
    }
    return "SELECT line.* FROM (SELECT "
        + String.join(",\n", aggregates)
        + "\nFROM "
        + routed(subjects, number + " END")
        + ") counted, LATERAL (VALUES "
        + String.join(", ", lines)
        + ") line(number, count, checksum)";
  }

  private String grouped(List<Subject> subjects) {
    return "SELECT number, count(*) AS count, sum(hash) AS checksum FROM "
        + routed(subjects, there().owner(plan::shardOrdinal))
        + " GROUP BY number";
  }

  /**
   * The rows with their hashes and numbers.
   *
   * @param other the number of a row that belongs here, at this end of its step
   */
  private String routed(List<Subject> subjects, String other) {
    String number = "CASE WHEN " + here().ownedBy(reading.shard()) + " THEN " + other + " END";
    if (subjects.stream().anyMatch(subject -> subject.number() == astray)) {
      number = "coalesce(" + number + ", CASE WHEN " + stray() + " THEN " + astray + " END)";
    }
    return "(SELECT "
        + rowHash
        + " AS hash, "
        + number
        + " AS number\nFROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, reading.range(), ALIAS)
        // Keeps the number from being worked out anew wherever it is used.
        + "\nOFFSET 0) routed";
  }

  private String stray() {
    String nobody = after.owner(plan::shardOrdinal) + " = " + RoutingSql.NOBODY;
    String neither = before.strayOn(reading.shard()) + " AND " + after.strayOn(reading.shard());
    return nobody + " OR " + neither;
  }

  /** By what topology rows belong to the shard that is read. */
  private TableRouting here() {
    return side == Side.SOURCE ? before : after;
  }

  /** By what topology they belong to the shard at the other end of their step. */
  private TableRouting there() {
    return side == Side.SOURCE ? after : before;
  }
}
