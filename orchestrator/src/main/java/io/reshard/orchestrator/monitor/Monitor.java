package io.reshard.orchestrator.monitor;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.monitor.Picture.Observed;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a picture of all operations every second, once it is started. Thread-safe. */
public final class Monitor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Monitor.class);
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final OperationStore store;
  private final StatusReader statuses;
  private final SwitchRecords records;
  private final List<Consumer<Picture>> listeners = new CopyOnWriteArrayList<>();
  private final Map<String, Observed> ended = new ConcurrentHashMap<>();
  private final Map<String, Course> courses = new ConcurrentHashMap<>();
  private final Thread thread = new Thread(this::loop, "monitor");
  private volatile Picture picture = Picture.EMPTY;

  public Monitor(ControlDatabase control) {
    this.store = new PostgresOperationStore(control);
    this.statuses = new StatusReader(control);
    this.records = new SwitchRecords(control);
  }

  /** Starts to look. */
  public Monitor start() {
    thread.setDaemon(true);
    thread.start();
    return this;
  }

  private void loop() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        lookSafely();
        Thread.sleep(PERIOD.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells {@code listener} of every picture from now on, in the monitor's own thread. */
  public void subscribe(Consumer<Picture> listener) {
    listeners.add(listener);
  }

  /** What was seen last. */
  public Picture picture() {
    return picture;
  }

  /** Throughput and lag of an operation, as far as this process has seen them. */
  public List<Sample> samples(String operationId) {
    Course course = courses.get(operationId);
    return course == null ? List.of() : course.samples();
  }

  /** The throughput of an operation over the last seconds. */
  public double rowsPerSecond(String operationId) {
    Course course = courses.get(operationId);
    return course == null ? 0.0 : course.rowsPerSecond();
  }

  private void lookSafely() {
    try {
      look();
    } catch (ReshardingException e) {
      LOG.info("the operations cannot be looked at: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("the monitor met an error of its own", e);
    }
  }

  private void look() {
    Instant now = Instant.now();
    List<Observed> operations = store.list().stream().map(this::observe).toList();
    Picture taken = new Picture(now, operations, records.windows(), records.mismatches());
    taken
        .active()
        .map(Observed::status)
        .ifPresent(
            status -> courses.computeIfAbsent(status.id(), id -> new Course()).add(now, status));
    picture = taken;
    listeners.forEach(listener -> listener.accept(taken));
  }

  /** What is over is read again only if somebody has touched it. */
  private Observed observe(Operation operation) {
    Observed known = ended.get(operation.id());
    if (known != null && known.operation().equals(operation)) {
      return known;
    }
    Observed observed = new Observed(operation, statuses.read(operation.id()));
    if (operation.phase().terminal()) {
      ended.put(operation.id(), observed);
    }
    return observed;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
