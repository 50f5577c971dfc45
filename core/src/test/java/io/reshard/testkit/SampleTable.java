package io.reshard.testkit;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A table of the example application. Each column carries the expression that gives its value in a
 * bulk-loaded row, in terms of the row's key columns: so a row that nobody has touched can be
 * recognized as exactly the row that was loaded.
 *
 * <p>{@code version} is an expression that each write to a row increases by one; it tells a lost
 * write from a doubled one.
 */
@SuppressWarnings("ImmutableEnumChecker") // The lists are unmodifiable.
enum SampleTable {
  CUSTOMER(
      "public.customer",
      List.of("customer_id"),
      "balance::bigint",
      0,
      List.of(
          new Column("customer_id", "customer_id"),
          new Column("name", "'Customer ' || customer_id"),
          new Column(
              "email",
              "CASE WHEN customer_id % 9 <> 0 THEN 'c' || customer_id || '@example.org' END"),
          new Column("balance", "0::numeric"))),
  ORDERS(
      "public.orders",
      List.of("id"),
      "version",
      1,
      List.of(
          new Column("id", "id"),
          new Column("customer_id", "customer_id"),
          new Column("status", "(ARRAY['NEW', 'PAID', 'SHIPPED', 'DONE'])[1 + id % 4]"),
          new Column(
              "amount",
              "(CASE WHEN id % 997 = 0 THEN 'NaN' ELSE id % 1000000 * 0.01 END)::numeric(12,2)"),
          new Column(
              "note",
              "CASE WHEN id % 10 <> 0 THEN E'Za\\u017c\\u00f3\\u0142\\u0107 \\\\ \\t\"' || id END"),
          new Column(
              "tags", "CASE WHEN id % 7 <> 0 THEN ARRAY['t' || id % 5, 'with,comma', NULL] END"),
          new Column(
              "payload",
              "CASE WHEN id % 3 <> 0 THEN jsonb_build_object('n', id, 'channel', 'web') END"),
          new Column(
              "created_at",
              "CASE WHEN id % 4999 = 0 THEN timestamptz 'infinity'"
                  + " ELSE timestamptz '2024-01-01 00:00:00+00' + id % 40000000 * interval '1.5 seconds' END"),
          new Column("version", "1::bigint"))),
  ORDER_ITEMS(
      "public.order_items",
      List.of("order_id", "line"),
      "quantity",
      1,
      List.of(
          new Column("order_id", "order_id"),
          new Column("line", "line"),
          new Column("customer_id", "customer_id"),
          new Column("sku", "'sku-' || order_id * 31 % 1009"),
          new Column("quantity", "1"),
          new Column(
              "price",
              "CASE WHEN order_id % 991 = 0 THEN '-0'::float8 ELSE sqrt(order_id::float8) * line END"))),
  AUDIT(
      "public.audit",
      List.of("customer_id", "id"),
      "0",
      0,
      List.of(
          new Column("id", "id"),
          new Column("customer_id", "customer_id"),
          new Column("action", "'LOADED'"),
          new Column("created_at", "timestamptz '2024-01-01 00:00:00+00'")));

  private record Column(String name, String loaded) {}

  private final String tableName;
  private final List<String> key;
  private final String version;
  private final long loadedVersion;
  private final List<Column> columns;

  SampleTable(
      String tableName,
      List<String> key,
      String version,
      long loadedVersion,
      List<Column> columns) {
    this.tableName = tableName;
    this.key = key;
    this.version = version;
    this.loadedVersion = loadedVersion;
    this.columns = columns;
  }

  String tableName() {
    return tableName;
  }

  List<String> key() {
    return key;
  }

  /** The version that a bulk-loaded row starts with. */
  long loadedVersion() {
    return loadedVersion;
  }

  /** Two bigint expressions; a key of one column is followed by a constant. */
  String keyExpressions() {
    return key.get(0) + ", " + (key.size() > 1 ? key.get(1) + "::bigint" : "0::bigint");
  }

  String keyCondition() {
    return key.get(0) + " = ? AND " + (key.size() > 1 ? key.get(1) : "0") + " = ?";
  }

  String versionExpression() {
    return version;
  }

  /** A digest of the whole row, by named columns: independent of their order in the table. */
  String digestExpression() {
    return "md5(ROW(" + columnList() + ")::text)";
  }

  /** The digest that the row would have if it were as it was loaded. */
  String loadedDigestExpression() {
    return "md5(ROW(" + loadedValues() + ")::text)";
  }

  /** What every write returns: the two key values, the version and the digest. */
  String returning() {
    return keyExpressions() + ", (" + version + ")::bigint, " + digestExpression();
  }

  String columnList() {
    return columns.stream().map(Column::name).collect(Collectors.joining(", "));
  }

  String loadedValues() {
    return columns.stream().map(Column::loaded).collect(Collectors.joining(", "));
  }
}
