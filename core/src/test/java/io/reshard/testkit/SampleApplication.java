package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The example application: customers with orders, order items and an audit trail, all sharded by
 * {@code customer_id}. Ids of customers and orders are unique over all shards; ids of the audit
 * trail come from a sequence of each shard.
 */
public final class SampleApplication {
  public static final int ORDERS_PER_CUSTOMER = 10;

  /**
   * The audit sequences of at most so many shards never meet: shard n counts n, n + 64, n + 128 …
   */
  public static final int AUDIT_INCREMENT = 64;

  private static final int LOAD_THREADS = 2;

  private static final String SCHEMA =
      """
            CREATE TABLE public.customer (
                customer_id bigint PRIMARY KEY,
                name text NOT NULL,
                email text,
                balance numeric NOT NULL DEFAULT 0
            );
            CREATE TABLE public.orders (
                id bigint PRIMARY KEY,
                customer_id bigint NOT NULL,
                status text NOT NULL,
                amount numeric(12,2),
                note text,
                tags text[],
                payload jsonb,
                created_at timestamptz NOT NULL DEFAULT now(),
                version bigint NOT NULL
            );
            CREATE INDEX orders_customer_created ON public.orders (customer_id, created_at);
            CREATE TABLE public.order_items (
                order_id bigint NOT NULL REFERENCES public.orders (id),
                line integer NOT NULL,
                customer_id bigint NOT NULL,
                sku text NOT NULL,
                quantity integer NOT NULL,
                price double precision,
                PRIMARY KEY (order_id, line)
            );
            CREATE TABLE public.audit (
                id bigserial PRIMARY KEY,
                customer_id bigint NOT NULL,
                action text NOT NULL,
                created_at timestamptz NOT NULL DEFAULT now()
            );
            """;

  private static final String LOAD_CUSTOMERS =
      """
            INSERT INTO public.customer (%s)
            SELECT %s FROM pg_catalog.generate_series(1, %d::bigint) AS generated (customer_id) WHERE %s""";

  private static final String LOAD_ORDERS =
      """
            INSERT INTO public.orders (%s)
            SELECT %s
            FROM (SELECT customer_id, (customer_id - 1) * %d + n AS id
                  FROM public.customer CROSS JOIN pg_catalog.generate_series(1, %d) AS n
                  ORDER BY customer_id, n) AS generated
            WHERE id <= %d""";

  /** Even orders have two lines, odd ones have one. */
  private static final String LOAD_ORDER_ITEMS =
      """
            INSERT INTO public.order_items (%s)
            SELECT %s
            FROM (SELECT o.id AS order_id, l AS line, o.customer_id
                  FROM public.orders o CROSS JOIN pg_catalog.generate_series(1, 2) AS l
                  WHERE l = 1 OR o.id %% 2 = 0
                  ORDER BY o.id, l) AS generated""";

  private static final String LOAD_AUDIT =
      """
            INSERT INTO public.audit (customer_id, action, created_at)
            SELECT customer_id, 'LOADED', timestamptz '2024-01-01 00:00:00+00'
            FROM public.customer WHERE customer_id % 10 = 0 ORDER BY customer_id""";

  private SampleApplication() {}

  /** The tables, keyed so that rows of several shards can be told apart. */
  public static List<ComparedTable> comparedTables() {
    return Arrays.stream(SampleTable.values())
        .map(table -> new ComparedTable(table.tableName(), table.key()))
        .toList();
  }

  public static List<String> tableNames() {
    return Arrays.stream(SampleTable.values()).map(SampleTable::tableName).toList();
  }

  /**
   * Creates the tables, empty. {@code shardNumber}, from 0 to 63, keeps the audit ids of the shards
   * apart.
   */
  public static void createSchema(Connection connection, int shardNumber) throws SQLException {
    if (shardNumber < 0 || shardNumber >= AUDIT_INCREMENT) {
      throw new IllegalArgumentException(
          "shard number " + shardNumber + " must be from 0 to " + (AUDIT_INCREMENT - 1));
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(SCHEMA);
      statement.execute(
          "ALTER SEQUENCE public.audit_id_seq INCREMENT BY "
              + AUDIT_INCREMENT
              + " START WITH "
              + (shardNumber + 1)
              + " RESTART");
    }
  }

  /**
   * Fills empty shards with the same rows whatever their number, each shard with those that it
   * owns: {@code orders} orders, and customers, items and audit entries in proportion. The rows are
   * made inside PostgreSQL.
   */
  public static LoadedRows load(List<OwnedShard> shards, long orders) throws SQLException {
    ExecutorService threads = Executors.newFixedThreadPool(LOAD_THREADS);
    try {
      List<Future<LoadedRows>> loads = new ArrayList<>();
      for (OwnedShard shard : shards) {
        loads.add(threads.submit(() -> load(shard, orders)));
      }
      LoadedRows loaded = LoadedRows.NONE;
      for (Future<LoadedRows> load : loads) {
        loaded = loaded.plus(load.get());
      }
      return checked(loaded, orders);
    } catch (ExecutionException e) {
      throw new SQLException("bulk load failed: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestKitException("interrupted during the bulk load", e);
    } finally {
      threads.shutdownNow();
    }
  }

  private static LoadedRows checked(LoadedRows loaded, long orders) {
    if (loaded.orders() != orders || loaded.customers() != customersFor(orders)) {
      throw new TestKitException(
          "the ownership predicates do not cover every customer exactly once: asked for "
              + orders
              + " orders of "
              + customersFor(orders)
              + " customers, loaded "
              + loaded);
    }
    return loaded;
  }

  private static long customersFor(long orders) {
    return (orders + ORDERS_PER_CUSTOMER - 1) / ORDERS_PER_CUSTOMER;
  }

  private static LoadedRows load(OwnedShard shard, long orders) throws SQLException {
    try (Connection connection = shard.connections().open()) {
      SessionSettings.pin(connection);
      connection.setAutoCommit(false);
      // The rows satisfy the foreign key by construction: replica mode leaves out a check per row.
      Sql.execute(connection, "SET LOCAL session_replication_role = replica");
      Sql.execute(connection, "SET LOCAL synchronous_commit = off");
      LoadedRows loaded = insertRows(connection, shard.ownership(), orders);
      connection.commit();
      connection.setAutoCommit(true);
      for (String table : tableNames()) {
        Sql.execute(connection, "VACUUM ANALYZE " + table);
      }
      return loaded;
    }
  }

  private static LoadedRows insertRows(Connection connection, String ownership, long orders)
      throws SQLException {
    SampleTable c = SampleTable.CUSTOMER;
    SampleTable o = SampleTable.ORDERS;
    SampleTable i = SampleTable.ORDER_ITEMS;
    long customers =
        Sql.execute(
            connection,
            String.format(
                LOAD_CUSTOMERS, c.columnList(), c.loadedValues(), customersFor(orders), ownership));
    long ordersLoaded =
        Sql.execute(
            connection,
            String.format(
                LOAD_ORDERS,
                o.columnList(),
                o.loadedValues(),
                ORDERS_PER_CUSTOMER,
                ORDERS_PER_CUSTOMER,
                orders));
    long items =
        Sql.execute(connection, String.format(LOAD_ORDER_ITEMS, i.columnList(), i.loadedValues()));
    long audits = Sql.execute(connection, LOAD_AUDIT);
    return new LoadedRows(customers, ordersLoaded, items, audits);
  }
}
