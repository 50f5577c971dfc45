package io.reshard.testkit;

import io.reshard.testkit.WriterRows.Order;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Chooses one writer's next transaction. For use by one thread. */
final class WritePlanner {
  private static final int COPIED_ORDERS = 20;
  private static final int MIN_BIG_NOTE = 3_000;
  private static final List<String> STATUSES =
      List.of("PAID", "PACKED", "SHIPPED", "DONE", "RETURNED");

  private final WriterHistory history;
  private final WriterOptions options;
  private final ShardDirectory directory;
  private final Random random;
  private final WriterRows rows;
  private final Set<WriteKind> allowed = EnumSet.allOf(WriteKind.class);

  WritePlanner(WriterHistory history, WriterOptions options, ShardDirectory directory, int writer) {
    this.history = history;
    this.options = options;
    this.directory = directory;
    this.random = new Random(options.seed() * 1_000_003 + writer);
    this.rows = new WriterRows(history, writer, options.writers(), random);
    if (!options.changeShardKeys()) {
      allowed.remove(WriteKind.CHANGE_SHARD_KEY);
    }
    if (!options.audit()) {
      allowed.remove(WriteKind.AUDIT);
    }
  }

  LogicalWrite next() throws SQLException {
    if (!rows.hasCustomers()) {
      return newCustomer();
    }
    if (history.writtenKeys() >= options.maxKeys()) {
      allowed.removeIf(WriteKind::createsKeys);
    }
    LogicalWrite write = plan(anyKind());
    return write != null ? write : fallback();
  }

  private WriteKind anyKind() {
    int point = random.nextInt(allowed.stream().mapToInt(WriteKind::weight).sum());
    for (WriteKind kind : allowed) {
      point -= kind.weight();
      if (point < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("the weights do not add up");
  }

  /** Null if no row fits. */
  private LogicalWrite plan(WriteKind kind) throws SQLException {
    return switch (kind) {
      case INSERT_ORDER -> insertOrder(false);
      case INSERT_WITH_ITEMS -> insertOrder(true);
      case UPDATE_STATUS -> updateStatus(rows.anyOrder());
      case UPDATE_NOTE -> updateNote(rows.anyOrder());
      case UPDATE_HOT_ROWS -> updateHotRows(rows.hotOrder());
      case UPDATE_ITEM -> updateItem(rows.anyOrder());
      case UPDATE_BALANCE -> updateBalance();
      case UPDATE_MANY -> updateMany();
      case COPY_ORDERS -> copyOrders();
      case CHANGE_KEY -> changeKey(rows.anyOrderWithoutItems());
      case CHANGE_SHARD_KEY -> changeShardKey(rows.anyOrderWithoutItems());
      case DELETE -> delete(rows.anyOrder());
      case DELETE_AND_REINSERT -> deleteAndReinsert(rows.anyOrder());
      case REINSERT_DELETED -> reinsertDeleted(rows.oldestDeleted());
      case SAVEPOINT -> savepoint(rows.anyOrder());
      case ROLLBACK -> rollback(rows.anyOrder());
      case AUDIT -> audit();
      case NEW_CUSTOMER -> newCustomer();
    };
  }

  private LogicalWrite fallback() throws SQLException {
    LogicalWrite update = updateStatus(rows.anyOrder());
    return update != null
        ? update
        : allowed.contains(WriteKind.INSERT_ORDER) ? insertOrder(false) : updateBalance();
  }

  private LogicalWrite insertOrder(boolean withItems) {
    Order order = new Order(rows.newId(withItems), rows.anyCustomer());
    int lines = withItems ? 1 + random.nextInt(3) : 0;
    String note = smallNote();
    WriteKind kind = withItems ? WriteKind.INSERT_WITH_ITEMS : WriteKind.INSERT_ORDER;
    return LogicalWrite.of(
            kind,
            order.customerId(),
            transaction -> {
              transaction.insertOrder(order.id(), order.customerId(), note);
              for (int line = 1; line <= lines; line++) {
                transaction.insertItem(order.id(), line, order.customerId());
              }
            })
        .then(() -> rows.add(order));
  }

  private LogicalWrite updateStatus(Order order) {
    String status = status();
    return order == null
        ? null
        : LogicalWrite.of(
            WriteKind.UPDATE_STATUS,
            order.customerId(),
            transaction -> transaction.updateStatus(status, List.of(order.id())));
  }

  private LogicalWrite updateNote(Order order) {
    String note = bigNote();
    return order == null
        ? null
        : LogicalWrite.of(
            WriteKind.UPDATE_NOTE,
            order.customerId(),
            transaction -> transaction.updateNote(order.id(), note));
  }

  private LogicalWrite updateHotRows(Order order) {
    String status = status();
    return order == null
        ? null
        : LogicalWrite.of(
            WriteKind.UPDATE_HOT_ROWS,
            order.customerId(),
            transaction -> {
              transaction.updateStatus(status, List.of(order.id()));
              transaction.updateBalance(order.customerId());
            });
  }

  private LogicalWrite updateItem(Order order) {
    boolean exists = order != null && history.state(RowKey.item(order.id(), 1)).exists();
    return exists
        ? LogicalWrite.of(
            WriteKind.UPDATE_ITEM,
            order.customerId(),
            transaction -> transaction.updateItem(order.id(), 1))
        : null;
  }

  private LogicalWrite updateBalance() {
    long customer = rows.anyCustomer();
    return LogicalWrite.of(
        WriteKind.UPDATE_BALANCE, customer, transaction -> transaction.updateBalance(customer));
  }

  private LogicalWrite updateMany() {
    long customer = rows.anyCustomer();
    String status = status();
    List<Long> orders = rows.isLoadedCustomer(customer) ? rows.loadedOrdersOf(customer) : List.of();
    return orders.isEmpty()
        ? null
        : LogicalWrite.of(
            WriteKind.UPDATE_MANY,
            customer,
            transaction -> transaction.updateStatus(status, orders));
  }

  private LogicalWrite copyOrders() {
    long customer = rows.anyCustomer();
    List<Long> ids = new ArrayList<>();
    for (int n = 0; n < COPIED_ORDERS; n++) {
      ids.add(rows.newId(false));
    }
    return LogicalWrite.of(
            WriteKind.COPY_ORDERS, customer, transaction -> transaction.copyOrders(ids, customer))
        .then(() -> ids.forEach(id -> rows.add(new Order(id, customer))));
  }

  private LogicalWrite changeKey(Order order) {
    if (order == null) {
      return null;
    }
    Order changed = new Order(rows.newId(false), order.customerId());
    return LogicalWrite.of(
            WriteKind.CHANGE_KEY,
            order.customerId(),
            transaction -> transaction.changeKey(order.id(), changed.id()))
        .then(
            () -> {
              rows.addDeleted(order);
              rows.add(changed);
            });
  }

  private LogicalWrite changeShardKey(Order order) throws SQLException {
    long newCustomer = rows.anyCustomer();
    boolean fits =
        order != null
            && order.customerId() != newCustomer
            && directory.shardFor(order.customerId()).equals(directory.shardFor(newCustomer));
    if (!fits) {
      return null;
    }
    return LogicalWrite.of(
            WriteKind.CHANGE_SHARD_KEY,
            order.customerId(),
            transaction -> transaction.changeShardKey(order.id(), newCustomer))
        .togetherWith(newCustomer)
        .then(
            () -> {
              rows.remove(order);
              rows.add(new Order(order.id(), newCustomer));
            });
  }

  private LogicalWrite delete(Order order) {
    if (order == null || rows.isHot(order)) {
      return null;
    }
    return LogicalWrite.of(
            WriteKind.DELETE,
            order.customerId(),
            transaction -> transaction.deleteOrder(order.id()))
        .then(() -> rows.addDeleted(order));
  }

  private LogicalWrite deleteAndReinsert(Order order) {
    String note = smallNote();
    return order == null
        ? null
        : LogicalWrite.of(
            WriteKind.DELETE_AND_REINSERT,
            order.customerId(),
            transaction -> {
              transaction.deleteOrder(order.id());
              transaction.insertOrder(order.id(), order.customerId(), note);
            });
  }

  private LogicalWrite reinsertDeleted(Order order) {
    if (order == null) {
      return null;
    }
    String note = smallNote();
    return LogicalWrite.of(
            WriteKind.REINSERT_DELETED,
            order.customerId(),
            transaction -> transaction.insertOrder(order.id(), order.customerId(), note))
        .then(() -> rows.reinserted(order));
  }

  private LogicalWrite savepoint(Order order) {
    if (order == null) {
      return null;
    }
    Order inserted = new Order(rows.newId(false), order.customerId());
    long undone = rows.newId(false);
    String note = smallNote();
    return LogicalWrite.of(
            WriteKind.SAVEPOINT,
            order.customerId(),
            transaction -> {
              transaction.updateStatus("BEFORE SAVEPOINT", List.of(order.id()));
              Savepoint savepoint = transaction.savepoint();
              transaction.insertOrder(undone, order.customerId(), note);
              transaction.updateNote(order.id(), note);
              transaction.rollbackTo(savepoint);
              transaction.insertOrder(inserted.id(), order.customerId(), note);
            })
        .then(() -> rows.add(inserted));
  }

  private LogicalWrite rollback(Order order) {
    if (order == null) {
      return null;
    }
    long undone = rows.newId(false);
    String note = bigNote();
    return LogicalWrite.of(
            WriteKind.ROLLBACK,
            order.customerId(),
            transaction -> {
              transaction.updateNote(order.id(), note);
              transaction.insertOrder(undone, order.customerId(), note);
            })
        .rollingBack();
  }

  private LogicalWrite audit() {
    long customer = rows.anyCustomer();
    return LogicalWrite.of(
        WriteKind.AUDIT, customer, transaction -> transaction.insertAudit(customer));
  }

  private LogicalWrite newCustomer() {
    long customer = rows.newId(random.nextBoolean());
    return LogicalWrite.of(
            WriteKind.NEW_CUSTOMER, customer, transaction -> transaction.insertCustomer(customer))
        .then(() -> rows.addCustomer(customer));
  }

  private String status() {
    return STATUSES.get(random.nextInt(STATUSES.size()));
  }

  /** With characters that text formats must escape. */
  private String smallNote() {
    return random.nextInt(4) == 0 ? null : "note\t\\N \"\u00e9\ud83d\ude00\" " + random.nextInt();
  }

  /** Random, so that compression does not make it small. */
  private String bigNote() {
    int characters =
        MIN_BIG_NOTE + random.nextInt(Math.max(1, options.maxNoteCharacters() - MIN_BIG_NOTE));
    byte[] bytes = new byte[characters * 3 / 4];
    random.nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }
}
