package io.reshard.orchestrator.bench;

import io.reshard.testkit.EmbeddedPostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Measures work on the servers of a benchmark: time, write-ahead log, and memory. Memory is what
 * Linux counts as anonymous and resident ({@code RssAnon}, see proc_pid_status(5)), the servers'
 * without their shared buffers; of the highest of samples taken four times a second.
 */
final class Meter implements AutoCloseable {
  private static final long SAMPLE_MILLIS = 250;

  private final List<Connection> servers = new ArrayList<>();
  private final List<ProcessHandle> postmasters = new ArrayList<>();
  private final List<ProcessHandle> sources;
  private final Supplier<Stream<ProcessHandle>> flink;
  private final ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
  private final Future<?> sampling;
  private final AtomicLong ownPeak = new AtomicLong();
  private final AtomicLong serversPeak = new AtomicLong();

  /** A meter for a cluster inside this process. */
  Meter(BenchShards shards) throws SQLException {
    this(shards, () -> Stream.of(ProcessHandle.current()));
  }

  /** A meter for a cluster of these processes. */
  Meter(BenchShards shards, Supplier<Stream<ProcessHandle>> flink) throws SQLException {
    this(shards.servers(), BenchShards.SOURCES, flink);
  }

  /**
   * A meter for a cluster inside this process.
   *
   * @param sources how many servers, of the first, hold sources and nothing else
   */
  Meter(List<EmbeddedPostgresServer> servers, int sources) throws SQLException {
    this(servers, sources, () -> Stream.of(ProcessHandle.current()));
  }

  private Meter(
      List<EmbeddedPostgresServer> servers, int sources, Supplier<Stream<ProcessHandle>> flink)
      throws SQLException {
    this.flink = flink;
    for (EmbeddedPostgresServer server : servers) {
      Connection connection = server.connection("postgres");
      this.servers.add(connection);
      String file = value(connection, "SELECT pg_read_file('postmaster.pid')");
      long pid = Long.parseLong(file.lines().findFirst().orElseThrow());
      postmasters.add(ProcessHandle.of(pid).orElseThrow());
    }
    this.sources = postmasters.subList(0, sources);
    sampling = sampler.scheduleAtFixedRate(this::sample, 0, SAMPLE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * What some work took.
   *
   * @param perSecond rows or changes
   * @param millis the time
   * @param walBytes written by all servers
   * @param sourceCpuMillis processor time of the sources' servers; 0 if they hold targets too
   * @param ownPeakBytes of all processes of the Flink cluster together; if that is inside this
   *     process, it holds the orchestrator too
   * @param serversPeakBytes of all processes of all servers together
   */
  record Figure(
      long perSecond,
      long millis,
      long walBytes,
      long sourceCpuMillis,
      long ownPeakBytes,
      long serversPeakBytes) {}

  /** Work to be measured. */
  @FunctionalInterface
  interface Work {
    void run() throws SQLException, IOException, InterruptedException;
  }

  /**
   * Runs the work.
   *
   * @param units how many rows or changes it is
   */
  Figure measure(long units, Work work) throws SQLException, IOException, InterruptedException {
    long log = log();
    long processor = sourceCpuMillis();
    ownPeak.set(0);
    serversPeak.set(0);
    sample();
    long start = System.nanoTime();
    work.run();
    long nanos = System.nanoTime() - start;
    if (sampling.isDone()) {
      throw new IllegalStateException("memory could not be sampled");
    }
    return new Figure(
        units * 1_000_000_000L / nanos,
        nanos / 1_000_000,
        log() - log,
        sourceCpuMillis() - processor,
        ownPeak.get(),
        serversPeak.get());
  }

  private long log() throws SQLException {
    long sum = 0;
    for (Connection server : servers) {
      sum += LogSequenceNumber.valueOf(value(server, "SELECT pg_current_wal_lsn()")).asLong();
    }
    return sum;
  }

  private void sample() {
    ownPeak.accumulateAndGet(flink.get().mapToLong(Meter::memory).sum(), Math::max);
    long sum =
        postmasters.stream()
            .flatMap(postmaster -> Stream.concat(Stream.of(postmaster), postmaster.children()))
            .mapToLong(Meter::memory)
            .sum();
    serversPeak.accumulateAndGet(sum, Math::max);
  }

  /**
   * What the sources' postmasters and their children have used, also those that have ended: user
   * and system time, of the process and of the children that it has waited for (proc_pid_stat(5)).
   */
  private long sourceCpuMillis() {
    return sources.stream()
        .flatMap(postmaster -> Stream.concat(Stream.of(postmaster), postmaster.children()))
        .mapToLong(Meter::cpuMillis)
        .sum();
  }

  private static long cpuMillis(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      // Behind the name, which may hold blanks: the 14th to the 17th field, in hundredths.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      long ticks = 0;
      for (int field = 11; field <= 14; field++) {
        ticks += Long.parseLong(fields[field]);
      }
      return 10 * ticks;
    } catch (IOException e) {
      // It has ended since it was listed, or this is no Linux.
      return 0;
    }
  }

  private static long memory(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/status"))
          .lines()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    } catch (IOException e) {
      // It has ended since it was listed, or this is no Linux.
      return 0;
    }
  }

  private static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  @Override
  public void close() throws SQLException {
    sampler.shutdownNow();
    for (Connection server : servers) {
      server.close();
    }
  }
}
