package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares the owned rows of one set of shards with those of another, as sets, whatever shard each
 * row lies on: a row is its key and the md5 of the text of all its columns. Memory is bounded
 * whatever the number of rows. The shards must not be written to meanwhile.
 */
public final class EndComparison {
  private EndComparison() {}

  /**
   * Compares two sets of shards.
   *
   * @param reference the shards that are right by definition, such as the old sources under the old
   *     topology
   * @param compared the shards to judge, such as the active ones under the new topology; these are
   *     also searched for strays
   * @throws TestKitException if a table's columns or types are not the same everywhere
   */
  public static ComparisonReport compare(
      List<OwnedShard> reference, List<OwnedShard> compared, List<ComparedTable> tables)
      throws SQLException {
    List<TableComparison> results = new ArrayList<>();
    for (ComparedTable table : tables) {
      TableShape shape = commonShape(reference, compared, table);
      results.add(new TableComparator(shape, reference, compared).compare());
    }
    return new ComparisonReport(results);
  }

  private static TableShape commonShape(
      List<OwnedShard> reference, List<OwnedShard> compared, ComparedTable table)
      throws SQLException {
    List<OwnedShard> all = new ArrayList<>(reference);
    all.addAll(compared);
    TableShape common = null;
    for (OwnedShard shard : all) {
      try (Connection connection = shard.connections().open()) {
        TableShape shape = TableShape.of(connection, table);
        if (common != null && !common.equals(shape)) {
          throw new TestKitException(
              "table "
                  + table.name()
                  + " differs on "
                  + shard.id()
                  + ": "
                  + shape.columnTypes()
                  + " instead of "
                  + common.columnTypes());
        }
        common = shape;
      }
    }
    if (common == null) {
      throw new IllegalArgumentException("no shards to compare");
    }
    return common;
  }
}
