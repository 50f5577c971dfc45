package io.reshard.core.control;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.routing.Router;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes by the active topology and follows its switches: the control database notifies, and is
 * asked at an interval as well, since a notification is lost with its connection. All tables switch
 * at one moment. Routing does no I/O and goes on with the last known topology while the control
 * database is away. Thread-safe.
 */
public final class TopologyFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TopologyFollower.class);

  /** The routers of one sharded table by the type of its shard key, as they are asked for. */
  private record TableRouters(Topology view, Map<String, Router> byType) {
    Router of(String formatType) {
      Router router = byType.get(formatType);
      return router == null
          ? byType.computeIfAbsent(formatType, type -> new Router(view, type))
          : router;
    }
  }

  /** One version of the topology with its sharded tables by their full names. */
  private record View(Topology topology, Map<String, TableRouters> tables) {
    static View of(Topology topology) {
      Map<String, TableRouters> tables = new HashMap<>();
      for (TableRule rule : topology.tables()) {
        if (!rule.reference()) {
          tables.put(
              rule.schema() + "." + rule.table(),
              new TableRouters(topology.viewOf(rule), new ConcurrentHashMap<>()));
        }
      }
      return new View(topology, Map.copyOf(tables));
    }
  }

  private final ControlDatabase control;
  private final Duration interval;
  private final Thread thread;
  private volatile View view;
  private volatile boolean closed;
  private ControlSession session;
  private OptionalLong looked = OptionalLong.empty();

  /**
   * Reads the active topology and begins to follow it; {@code invalid_topology} if there is none,
   * {@code state_store_failed} if it cannot be read.
   *
   * @param interval how long a switch may go unnoticed when its notification is lost
   */
  public TopologyFollower(ControlDatabase control, Duration interval) {
    this.control = control;
    this.interval = interval;
    this.view = View.of(new TopologyStore(control).active());
    this.thread = new Thread(this::follow, "topology-follower");
    thread.setDaemon(true);
    thread.start();
  }

  /** The topology that is routed by at this moment. */
  public Topology topology() {
    return view.topology();
  }

  /**
   * The router of {@code schema.table}; ask for it anew for every key, or keys will be routed by an
   * old topology. {@code invalid_topology} if there is no such sharded table, or if its topology
   * cannot route the type.
   *
   * @param formatType the type of the table's shard key: see {@link Router#Router}
   */
  public Router router(String table, String formatType) {
    TableRouters routers = view.tables().get(table);
    if (routers == null) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY, "the topology has no sharded table '" + table + "'");
    }
    return routers.of(formatType);
  }

  /**
   * Reads the active topology now; an application calls it when a shard has refused a write. Many
   * threads that are refused at once share a look, and all looks a session.
   */
  public void refresh() {
    long asked = System.nanoTime();
    synchronized (this) {
      if (looked.isEmpty() || looked.getAsLong() - asked < 0) {
        looked = OptionalLong.of(System.nanoTime());
        look();
      }
    }
  }

  private void look() {
    boolean kept = session != null;
    try {
      if (!kept) {
        session = control.openSession();
      }
      TopologyStore store = new TopologyStore(session.database());
      if (store.activeVersion() != view.topology().version()) {
        view = View.of(store.active());
      }
    } catch (ReshardingException e) {
      endSession();
      if (!kept) {
        throw e;
      }
      // The session may have ended long ago.
      look();
    }
  }

  private void endSession() {
    if (session != null) {
      session.close();
      session = null;
    }
  }

  private void follow() {
    while (!closed) {
      try (Connection connection = control.endpoint().connect("reshard topology follower");
          Statement statement = connection.createStatement()) {
        statement.execute("LISTEN " + TopologyStore.CHANNEL);
        PGConnection notified = connection.unwrap(PGConnection.class);
        while (!closed) {
          // Asked after LISTEN, so that no switch falls between the two.
          refresh();
          notified.getNotifications(Math.toIntExact(interval.toMillis()));
        }
      } catch (SQLException | ReshardingException e) {
        if (!closed) {
          LOG.warn("the active topology cannot be followed for now: {}", e.getMessage());
          pause();
        }
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(interval.toMillis());
    } catch (InterruptedException e) {
      // Only close() interrupts.
      Thread.currentThread().interrupt();
      closed = true;
    }
  }

  /** Ends the following within the interval. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    synchronized (this) {
      endSession();
    }
  }
}
