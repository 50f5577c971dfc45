package io.reshard.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The customers and orders that belong to one writer: no other thread writes to them. These are the
 * loaded customers whose number leaves the writer's remainder, with their orders, and what the
 * writer itself has made. An order of the writer's own making has items if its id is even, and none
 * if it is odd. For use by one thread.
 */
final class WriterRows {
  /** An order that exists or existed. */
  record Order(long id, long customerId) {
    boolean mayHaveItems() {
      return id % 2 == 0;
    }
  }

  private static final int MAX_NEW_CUSTOMERS = 10_000;
  private static final int MAX_DELETED = 1_000;
  private static final int ATTEMPTS = 8;

  private final WriterHistory history;
  private final int remainder;
  private final int writers;
  private final Random random;
  private final long hotCustomer;
  private final List<Long> newCustomers = new ArrayList<>();
  private final List<Order> made = new ArrayList<>();
  private final Map<Long, Integer> placeInMade = new HashMap<>();
  private final Deque<Order> deleted = new ArrayDeque<>();
  private long nextId;

  WriterRows(WriterHistory history, int writer, int writers, Random random) {
    this.history = history;
    this.remainder = writer;
    this.writers = writers;
    this.random = random;
    this.hotCustomer = loadedCustomers() == 0 ? 0 : loadedCustomer(0);
    this.nextId = history.nextIdBlock();
  }

  /** A new id, odd or even as asked. */
  long newId(boolean even) {
    nextId++;
    if (nextId % 2 == 0 != even) {
      nextId++;
    }
    return nextId;
  }

  boolean hasCustomers() {
    return loadedCustomers() > 0 || !newCustomers.isEmpty();
  }

  long anyCustomer() {
    long loaded = loadedCustomers();
    boolean useNew = loaded == 0 || (!newCustomers.isEmpty() && random.nextInt(10) == 0);
    return useNew
        ? newCustomers.get(random.nextInt(newCustomers.size()))
        : loadedCustomer(random.nextLong(loaded));
  }

  /** An existing order, or null. */
  Order anyOrder() {
    Order own =
        made.isEmpty() || random.nextBoolean() ? null : made.get(random.nextInt(made.size()));
    if (own != null) {
      return own;
    }
    Order loaded = loadedOrder();
    return loaded != null || made.isEmpty() ? loaded : made.get(random.nextInt(made.size()));
  }

  /** An existing order that the writer made and that has no items, or null. */
  Order anyOrderWithoutItems() {
    for (int attempt = 0; attempt < ATTEMPTS && !made.isEmpty(); attempt++) {
      Order order = made.get(random.nextInt(made.size()));
      if (!order.mayHaveItems()) {
        return order;
      }
    }
    return null;
  }

  /** The one order that is written to again and again, and never deleted; null if there is none. */
  Order hotOrder() {
    return hotCustomer == 0 ? null : new Order(firstOrder(hotCustomer), hotCustomer);
  }

  boolean isHot(Order order) {
    return order.equals(hotOrder());
  }

  /** The loaded orders of a loaded customer that still exist. */
  List<Long> loadedOrdersOf(long customerId) {
    List<Long> ids = new ArrayList<>();
    for (int n = 0; n < SampleApplication.ORDERS_PER_CUSTOMER; n++) {
      long id = firstOrder(customerId) + n;
      if (history.state(RowKey.order(id)).exists()) {
        ids.add(id);
      }
    }
    return ids;
  }

  boolean isLoadedCustomer(long customerId) {
    return customerId <= history.loaded().customers();
  }

  Order oldestDeleted() {
    return deleted.peekFirst();
  }

  void addCustomer(long customerId) {
    if (newCustomers.size() < MAX_NEW_CUSTOMERS) {
      newCustomers.add(customerId);
    }
  }

  void add(Order order) {
    if (!history.isLoaded(RowKey.order(order.id()))) {
      placeInMade.put(order.id(), made.size());
      made.add(order);
    }
  }

  /** Fills the gap with the last order. */
  void remove(Order order) {
    Integer place = placeInMade.remove(order.id());
    if (place != null) {
      Order last = made.remove(made.size() - 1);
      if (place < made.size()) {
        made.set(place, last);
        placeInMade.put(last.id(), place);
      }
    }
  }

  void addDeleted(Order order) {
    remove(order);
    deleted.addLast(order);
    if (deleted.size() > MAX_DELETED) {
      deleted.removeFirst();
    }
  }

  void reinserted(Order order) {
    deleted.remove(order);
    add(order);
  }

  private Order loadedOrder() {
    for (int attempt = 0; attempt < ATTEMPTS && loadedCustomers() > 0; attempt++) {
      long customer = loadedCustomer(random.nextLong(loadedCustomers()));
      long id = firstOrder(customer) + random.nextInt(SampleApplication.ORDERS_PER_CUSTOMER);
      if (history.state(RowKey.order(id)).exists()) {
        return new Order(id, customer);
      }
    }
    return null;
  }

  private long loadedCustomers() {
    return (history.loaded().customers() + writers - 1 - remainder) / writers;
  }

  private long loadedCustomer(long index) {
    return 1 + remainder + index * writers;
  }

  private static long firstOrder(long customerId) {
    return (customerId - 1) * SampleApplication.ORDERS_PER_CUSTOMER + 1;
  }
}
