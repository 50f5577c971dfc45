package io.reshard.testkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A directory whose connections break at some commits: sometimes just before the server has it,
 * sometimes just after.
 */
final class FlakyDirectory implements ShardDirectory {
  private final ShardDirectory directory;
  private final int interval;
  private final AtomicLong commits = new AtomicLong();
  private final Queue<Connection> opened = new ConcurrentLinkedQueue<>();

  /** Every so many commits one breaks; 0 for none. */
  FlakyDirectory(ShardDirectory directory, int interval) {
    this.directory = directory;
    this.interval = interval;
  }

  @Override
  public String shardFor(long customerId) throws SQLException {
    return directory.shardFor(customerId);
  }

  @Override
  public Connection connect(String shardId) throws SQLException {
    Connection connection = directory.connect(shardId);
    opened.add(connection);
    return (Connection)
        Proxy.newProxyInstance(
            FlakyDirectory.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> call(connection, method, arguments));
  }

  @Override
  public void refresh() throws SQLException {
    directory.refresh();
  }

  /** Cuts off every connection that was opened before this call. */
  void cutAll() throws SQLException {
    for (Connection connection : List.copyOf(opened)) {
      connection.abort(Runnable::run);
    }
  }

  private Object call(Connection connection, Method method, Object... arguments) throws Throwable {
    boolean breaks =
        method.getName().equals("commit")
            && interval > 0
            && commits.incrementAndGet() % interval == 0;
    boolean before = breaks && commits.get() % (2L * interval) == 0;
    if (before) {
      connection.abort(Runnable::run);
    }
    try {
      Object result = method.invoke(connection, arguments);
      if (breaks) {
        connection.abort(Runnable::run);
        throw new SQLException("broken on purpose after the commit", "08006");
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
