package io.reshard.planner;

import java.util.ArrayList;
import java.util.List;

/** Compares one table on two shards, by the names of its columns: their order may differ. */
final class TableAgreement {
  private final TableFacts reference;
  private final TableFacts table;

  TableAgreement(TableFacts reference, TableFacts table) {
    this.reference = reference;
    this.table = table;
  }

  /** What keeps rows of the one from going into the other; names table and column. */
  List<String> differences() {
    List<String> differences = new ArrayList<>();
    for (ColumnFacts column : reference.columns()) {
      String label = label(column);
      table
          .column(column.name())
          .ifPresentOrElse(
              other -> compare(label, column, other, differences),
              () -> differences.add(label + " is missing"));
    }
    table.columns().stream()
        .filter(column -> reference.column(column.name()).isEmpty())
        .map(column -> label(column) + " is there in addition")
        .forEach(differences::add);
    if (!table.primaryKey().equals(reference.primaryKey())) {
      differences.add(
          "the primary key of "
              + table.displayName()
              + " is "
              + table.primaryKey()
              + ", not "
              + reference.primaryKey());
    }
    comparePartitions(differences);
    if (!table.objects().statements().equals(reference.objects().statements())) {
      differences.add(
          "the types, collations or functions that " + table.displayName() + " uses are others");
    }
    return differences;
  }

  /** By their bounds, since rows find their way by them: names may differ. */
  private void comparePartitions(List<String> differences) {
    List<String> expected = places(reference);
    List<String> actual = places(table);
    expected.stream()
        .filter(place -> !actual.contains(place))
        .map(place -> table.displayName() + " lacks the partition " + place)
        .forEach(differences::add);
    actual.stream()
        .filter(place -> !expected.contains(place))
        .map(place -> table.displayName() + " has the partition " + place + " in addition")
        .forEach(differences::add);
  }

  private static List<String> places(TableFacts table) {
    return table.partitions().stream().map(PartitionFacts::place).toList();
  }

  private String label(ColumnFacts column) {
    return "the column " + table.displayName() + "." + column.name();
  }

  private static void compare(
      String label, ColumnFacts expected, ColumnFacts actual, List<String> differences) {
    if (!actual.type().equals(expected.type())) {
      differences.add(label + " has the type " + actual.type() + ", not " + expected.type());
    }
    if (actual.isGenerated() != expected.isGenerated()) {
      differences.add(label + (actual.isGenerated() ? " is generated" : " is not generated"));
    }
    if (actual.notNull() != expected.notNull()) {
      differences.add(label + (actual.notNull() ? " is NOT NULL" : " may be null"));
    }
  }
}
