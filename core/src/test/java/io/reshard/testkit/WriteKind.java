package io.reshard.testkit;

/** The kinds of transaction in the writers' mix, with their share of it. */
enum WriteKind {
  INSERT_ORDER(18, true),
  INSERT_WITH_ITEMS(8, true),
  UPDATE_STATUS(16, false),
  /** A value so big that it is stored out of line; later updates of the row leave it unchanged. */
  UPDATE_NOTE(8, false),
  /** One order and its customer, again and again. */
  UPDATE_HOT_ROWS(14, false),
  UPDATE_ITEM(6, false),
  UPDATE_BALANCE(5, false),
  /** All loaded orders of a customer in one statement. */
  UPDATE_MANY(4, false),
  /** COPY writes many rows with one write-ahead log record, so they share one LSN. */
  COPY_ORDERS(1, true),
  CHANGE_KEY(4, true),
  /** To another customer of the same shard. */
  CHANGE_SHARD_KEY(3, false),
  DELETE(6, false),
  DELETE_AND_REINSERT(4, false),
  /** A key that an earlier transaction deleted. */
  REINSERT_DELETED(3, false),
  /** Several rows, some of them rolled back to a savepoint. */
  SAVEPOINT(3, true),
  ROLLBACK(3, false),
  AUDIT(4, true),
  NEW_CUSTOMER(1, true);

  private final int weight;
  private final boolean createsKeys;

  WriteKind(int weight, boolean createsKeys) {
    this.weight = weight;
    this.createsKeys = createsKeys;
  }

  int weight() {
    return weight;
  }

  boolean createsKeys() {
    return createsKeys;
  }
}
