package io.reshard.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One PostgreSQL server of our own, on 127.0.0.1, in a temporary directory. It and its directory
 * end with {@link #close}, and also with the JVM, however that ends. Works as root and as an
 * ordinary user; Linux only. The superuser is {@code postgres}, any password is accepted. Safe for
 * use by several threads, except that restarting, stopping and closing are serialized.
 */
public final class EmbeddedPostgresServer implements AutoCloseable {
  public static final String USER = "postgres";

  private final int port;
  private final ServerControl control;
  private final ServerReaper reaper;
  private final Thread shutdownHook = new Thread(this::reap, "embedded-postgres-shutdown");
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedPostgresServer(int port, ServerControl control, ServerReaper reaper) {
    this.port = port;
    this.control = control;
    this.reaper = reaper;
  }

  public static EmbeddedPostgresServer start() {
    return start(ServerOptions.defaults());
  }

  /**
   * Returns when the server accepts connections: about 1 s, and some seconds more when binaries
   * must be unpacked.
   */
  public static EmbeddedPostgresServer start(ServerOptions options) {
    int port = options.port() == 0 ? FreePort.find() : options.port();
    try {
      Path directory = Files.createTempDirectory("reshard-postgres-server-");
      EmbeddedPostgresServer server =
          new EmbeddedPostgresServer(
              port,
              new ServerControl(directory, options.startTimeout()),
              ServerReaper.watch(directory));
      server.initialize(options);
      return server;
    } catch (IOException e) {
      throw new TestKitException("cannot set up a server directory", e);
    }
  }

  private void initialize(ServerOptions options) {
    Runtime.getRuntime().addShutdownHook(shutdownHook);
    try {
      control.initialize(port, options);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Starts a streaming replica of this server as it is now, with the same settings. */
  public EmbeddedPostgresServer replica() {
    try {
      int replicaPort = FreePort.find();
      Path directory = Files.createTempDirectory("reshard-postgres-replica-");
      EmbeddedPostgresServer replica =
          new EmbeddedPostgresServer(
              replicaPort,
              new ServerControl(directory, ServerOptions.defaults().startTimeout()),
              ServerReaper.watch(directory));
      Runtime.getRuntime().addShutdownHook(replica.shutdownHook);
      replica.control.replicate(control, connections("postgres"), port, replicaPort);
      return replica;
    } catch (IOException e) {
      throw new TestKitException("cannot set up a replica's directory", e);
    }
  }

  public int port() {
    return port;
  }

  /** The JDBC address without user: {@code jdbc:postgresql://127.0.0.1:PORT/DATABASE}. */
  public String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  /** Opens a connection as superuser, in autocommit mode. */
  public Connection connection(String database) throws SQLException {
    return DriverManager.getConnection(url(database), USER, USER);
  }

  public ConnectionSource connections(String database) {
    return () -> connection(database);
  }

  /** Creates an empty database and returns its JDBC address. */
  public String createDatabase(String name) throws SQLException {
    try (Connection connection = connection("postgres")) {
      Sql.execute(connection, "CREATE DATABASE " + Sql.identifier(name));
    }
    return url(name);
  }

  /** Restarts on the same port with the same data, and returns when it accepts connections. */
  public synchronized void restart(StopMode mode) {
    control.restart(mode);
  }

  /** Stops the server but keeps its data, until {@link #resume}. */
  public synchronized void stop(StopMode mode) {
    control.stop(mode);
  }

  /** Starts a stopped server again, on the same port. */
  public synchronized void resume() {
    control.restart(StopMode.FAST);
  }

  /** What goes away with the server. */
  Path directory() {
    return control.directory();
  }

  /** The end of the server's log, for a failure message. */
  public String logTail() {
    return control.logTail();
  }

  /** Stops the server at once and removes its directory. Idempotent. */
  @Override
  public void close() {
    reap();
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException shuttingDown) {
      // The JVM is ending, so the hook is running or has run: there is nothing left to remove.
    }
  }

  private synchronized void reap() {
    if (closed.compareAndSet(false, true)) {
      reaper.reap();
    }
  }
}
