package io.reshard.testkit;

/** A row of the example application. {@code second} is 0 for tables whose key has one column. */
record RowKey(SampleTable table, long first, long second) {
  static RowKey customer(long customerId) {
    return new RowKey(SampleTable.CUSTOMER, customerId, 0);
  }

  static RowKey order(long id) {
    return new RowKey(SampleTable.ORDERS, id, 0);
  }

  static RowKey item(long orderId, long line) {
    return new RowKey(SampleTable.ORDER_ITEMS, orderId, line);
  }

  @Override
  public String toString() {
    return table.tableName() + "(" + first + (table.key().size() > 1 ? ", " + second : "") + ")";
  }
}
