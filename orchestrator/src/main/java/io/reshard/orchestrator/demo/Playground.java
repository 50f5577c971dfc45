package io.reshard.orchestrator.demo;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that runs for a demo, and its folder. All of it ends with {@link #close} or with
 * Ctrl-C, whichever comes first, the newest part first.
 */
public final class Playground implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Playground.class);

  /** The port of Flink's Web UI that everybody knows, and what is taken if others have it. */
  private static final String WEB_PORTS = "8081-8180";

  private static final int PARALLELISM = 2;
  private static final long SHUTDOWN_SECONDS = 30;

  /** Opens a part of the playground. */
  @FunctionalInterface
  interface Opener<T> {
    T open() throws SQLException;
  }

  private final Folder folder;
  private final Deque<Runnable> closers = new ArrayDeque<>();
  private final Thread user = Thread.currentThread();
  private final Thread hook = new Thread(this::interrupted, "demo-shutdown");
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean ending;
  private LiveSystem system;
  private EmbeddedCluster cluster;

  private Playground(Folder folder) {
    this.folder = folder;
  }

  /** Makes the folder; servers and cluster come later. Ends with the JVM at the latest. */
  public static Playground create() {
    Playground playground = new Playground(Folder.create());
    playground.closers.push(playground.folder::delete);
    Runtime.getRuntime().addShutdownHook(playground.hook);
    return playground;
  }

  /** Starts the databases with {@code open}. */
  LiveSystem startSystem(Opener<LiveSystem> open) throws SQLException {
    system = open(open, LiveSystem::close);
    return system;
  }

  /** Starts Flink, on port 8081 if that is free. */
  EmbeddedCluster startCluster() throws SQLException {
    cluster =
        open(
            () ->
                EmbeddedCluster.start(
                    WEB_PORTS,
                    folder.flink(),
                    folder.checkpoints().toUri().toString(),
                    PARALLELISM),
            EmbeddedCluster::close);
    return cluster;
  }

  /** Starts both, with the sample application on {@code shards} shards; returns the addresses. */
  public String start(int shards, long orders) throws SQLException {
    LiveSystem started = startSystem(() -> LiveSystem.start(shards, orders));
    startCluster();
    return addresses(started.topology(1, shards));
  }

  /**
   * Opens something that has to be closed. The lock makes Ctrl-C wait for what is being started,
   * which it could not end otherwise: its servers, having hooks of their own, make it short.
   */
  synchronized <T> T open(Opener<T> opener, Closer<T> closer) throws SQLException {
    if (ending) {
      throw new ReshardingException(ErrorCode.INTERNAL, "the demo is being ended");
    }
    T opened = opener.open();
    closers.push(() -> closer.close(opened));
    return opened;
  }

  /** Ends a part of the playground. */
  @FunctionalInterface
  interface Closer<T> {
    void close(T part);
  }

  /** The addresses of what runs, a line each, with a configuration for the other commands. */
  public String addresses(Topology topology) {
    StringBuilder text = new StringBuilder();
    topology
        .shards()
        .forEach(
            shard ->
                text.append(shard.id())
                    .append("   ")
                    .append(system.endpoint(topology, shard.id()).url())
                    .append('\n'));
    return text.append("control   ")
        .append(system.controlUrl())
        .append("\nuser      postgres, any password\nFlink     ")
        .append(cluster.address())
        .append("\nreshard   -c ")
        .append(folder.writeConfiguration(system, cluster.address()))
        .append('\n')
        .toString();
  }

  /** Whether Ctrl-C has ended the playground: errors after it mean nothing. */
  public boolean isEnding() {
    return ending;
  }

  /** Returns when Ctrl-C ends the playground. */
  public void awaitEnd() {
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes in a thread of its own, so that nothing that hangs can hold the JVM's end up. */
  private void interrupted() {
    ending = true;
    user.interrupt();
    Thread closing = new Thread(this::closeAll, "demo-closing");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(TimeUnit.SECONDS.toMillis(SHUTDOWN_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    folder.delete();
    ended.countDown();
  }

  private synchronized void closeAll() {
    ending = true;
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException e) {
        LOG.info("a part of the demo did not end cleanly", e);
      }
    }
  }

  /** Ends everything that still runs. Idempotent. */
  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The hook is running, and finds nothing left to close.
    }
  }
}
