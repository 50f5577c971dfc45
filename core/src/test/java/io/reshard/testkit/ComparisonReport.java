package io.reshard.testkit;

import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** The result of an {@link EndComparison} over all tables. */
public record ComparisonReport(List<TableComparison> tables) {
  public ComparisonReport {
    tables = List.copyOf(tables);
  }

  public boolean equal() {
    return tables.stream().allMatch(TableComparison::equal);
  }

  /** Whether all owned rows are equal, whatever else the shards hold: strays before a clean-up. */
  public boolean ownedRowsEqual() {
    return missing() + extra() + different() + duplicates() == 0;
  }

  public long rows() {
    return sum(TableComparison::comparedRows);
  }

  public long missing() {
    return sum(TableComparison::missing);
  }

  public long extra() {
    return sum(TableComparison::extra);
  }

  public long different() {
    return sum(TableComparison::different);
  }

  public long duplicates() {
    return sum(TableComparison::duplicates);
  }

  public long strays() {
    return sum(table -> table.strays().values().stream().mapToLong(Long::longValue).sum());
  }

  public TableComparison table(String name) {
    return tables.stream()
        .filter(table -> table.table().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("table " + name + " was not compared"));
  }

  private long sum(ToLongFunction<TableComparison> count) {
    return tables.stream().mapToLong(count).sum();
  }

  @Override
  public String toString() {
    return tables.stream().map(TableComparison::toString).collect(Collectors.joining("\n"));
  }
}
