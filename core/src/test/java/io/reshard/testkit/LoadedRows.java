package io.reshard.testkit;

/**
 * What a bulk load put on all shards together. Customers are 1 to {@code customers}; order ids are
 * 1 to {@code orders}, {@link SampleApplication#ORDERS_PER_CUSTOMER} per customer in sequence.
 */
public record LoadedRows(long customers, long orders, long orderItems, long audits) {
  public static final LoadedRows NONE = new LoadedRows(0, 0, 0, 0);

  public long total() {
    return customers + orders + orderItems + audits;
  }

  long of(SampleTable table) {
    return switch (table) {
      case CUSTOMER -> customers;
      case ORDERS -> orders;
      case ORDER_ITEMS -> orderItems;
      case AUDIT -> audits;
    };
  }

  LoadedRows plus(LoadedRows other) {
    return new LoadedRows(
        customers + other.customers,
        orders + other.orders,
        orderItems + other.orderItems,
        audits + other.audits);
  }
}
