package io.reshard.testkit;

/**
 * The SQL of the live writers. Each statement returns key, version and digest of the rows that it
 * touched.
 */
enum WriterStatement {
  INSERT_ORDER(
      SampleTable.ORDERS,
      """
            INSERT INTO public.orders (id, customer_id, status, amount, note, tags, payload, version)
            VALUES (?, ?, 'NEW', mod(?, 100000) * 0.01, ?, ARRAY['live', NULL], jsonb_build_object('n', ?::bigint), ?)
            RETURNING\s"""),
  INSERT_ITEM(
      SampleTable.ORDER_ITEMS,
      """
            INSERT INTO public.order_items (order_id, line, customer_id, sku, quantity, price)
            VALUES (?, ?, ?, 'live-sku', ?, sqrt(?::float8))
            RETURNING\s"""),
  INSERT_CUSTOMER(
      SampleTable.CUSTOMER,
      """
            INSERT INTO public.customer (customer_id, name, balance) VALUES (?, 'New customer', ?)
            RETURNING\s"""),
  INSERT_AUDIT(
      SampleTable.AUDIT,
      """
            INSERT INTO public.audit (customer_id, action) VALUES (?, 'LIVE')
            RETURNING\s"""),
  UPDATE_STATUS(
      SampleTable.ORDERS,
      """
            UPDATE public.orders SET status = ?, version = version + 1 WHERE id = ANY (?)
            RETURNING\s"""),
  UPDATE_NOTE(
      SampleTable.ORDERS,
      """
            UPDATE public.orders SET note = ?, version = version + 1 WHERE id = ?
            RETURNING\s"""),
  UPDATE_ITEM(
      SampleTable.ORDER_ITEMS,
      """
            UPDATE public.order_items SET quantity = quantity + 1 WHERE order_id = ? AND line = ?
            RETURNING\s"""),
  UPDATE_BALANCE(
      SampleTable.CUSTOMER,
      """
            UPDATE public.customer SET balance = balance + 1 WHERE customer_id = ?
            RETURNING\s"""),
  CHANGE_KEY(
      SampleTable.ORDERS,
      """
            UPDATE public.orders SET id = ?, version = version + 1 WHERE id = ?
            RETURNING\s"""),
  CHANGE_SHARD_KEY(
      SampleTable.ORDERS,
      """
            UPDATE public.orders SET customer_id = ?, version = version + 1 WHERE id = ?
            RETURNING\s"""),
  DELETE_ITEMS(
      SampleTable.ORDER_ITEMS,
      """
            DELETE FROM public.order_items WHERE order_id = ?
            RETURNING\s"""),
  DELETE_ORDER(
      SampleTable.ORDERS,
      """
            DELETE FROM public.orders WHERE id = ?
            RETURNING\s""");

  /** Held to the end of the transaction; see {@link DoubtResolver}. */
  static final String LOCK = "SELECT pg_advisory_xact_lock(?)";

  static final String COPY_ORDERS =
      "COPY public.orders (id, customer_id, status, note, version) FROM STDIN";

  static final String READ_ORDERS =
      "SELECT " + SampleTable.ORDERS.returning() + " FROM public.orders WHERE id = ANY (?)";

  private final SampleTable table;
  private final String text;

  WriterStatement(SampleTable table, String text) {
    this.table = table;
    this.text = text + table.returning();
  }

  SampleTable table() {
    return table;
  }

  String text() {
    return text;
  }
}
