package io.reshard.orchestrator.demo;

import io.reshard.orchestrator.flink.JobJars;
import io.reshard.testkit.FreePort;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A Flink cluster of several processes, through the script that an operator uses. */
public final class ClusterProcesses implements AutoCloseable {
  private static final long SCRIPT_MINUTES = 3;

  private final Path folder;
  private final int port;
  private final Path configuration;

  private ClusterProcesses(Path folder, int port, Path configuration) {
    this.folder = folder;
    this.port = port;
    this.configuration = configuration;
  }

  /** Starts a JobManager and two TaskManagers with two slots each. */
  public static ClusterProcesses start(Path folder) throws IOException, InterruptedException {
    return start(folder, List.of());
  }

  /** The same with lines that are added to the configuration. */
  public static ClusterProcesses start(Path folder, List<String> settings)
      throws IOException, InterruptedException {
    List<String> lines =
        new ArrayList<>(Files.readAllLines(JobJars.home().resolve("flink-conf/config.yaml")));
    lines.addAll(settings);
    Files.createDirectories(folder);
    Path configuration = Files.write(folder.resolve("given.yaml"), lines);
    ClusterProcesses cluster = new ClusterProcesses(folder, FreePort.find(), configuration);
    cluster.startMissing();
    return cluster;
  }

  public URI address() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** Starts what has died. */
  public void startMissing() throws IOException, InterruptedException {
    script("start", "--port", Integer.toString(port), "--taskmanagers", "2", "--slots", "2");
  }

  /** The process ids of all living TaskManagers. */
  public List<Long> taskManagers() throws IOException, InterruptedException {
    return pids("taskmanager ");
  }

  /** The process id of the JobManager. */
  public long jobManager() throws IOException, InterruptedException {
    return pids("jobmanager ").get(0);
  }

  /** All processes that live, without starting one to find out. */
  public Stream<ProcessHandle> all() {
    File[] files = folder.resolve("run").toFile().listFiles((run, name) -> name.endsWith(".pid"));
    return Stream.of(files == null ? new File[0] : files).flatMap(ClusterProcesses::process);
  }

  private static Stream<ProcessHandle> process(File pid) {
    try {
      String text = Files.readString(pid.toPath()).strip();
      return text.isEmpty() ? Stream.empty() : ProcessHandle.of(Long.parseLong(text)).stream();
    } catch (IOException e) {
      // The script has removed it since it was listed.
      return Stream.empty();
    }
  }

  private List<Long> pids(String prefix) throws IOException, InterruptedException {
    return script("pids")
        .lines()
        .filter(line -> line.startsWith(prefix))
        .map(line -> Long.valueOf(line.substring(prefix.length())))
        .toList();
  }

  /** What {@code kill -9} does; returns when the process is gone. */
  public static void kill(long pid) {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Holds a process where it is: to the others it looks dead. */
  public static void freeze(long pid) throws IOException, InterruptedException {
    signal("-STOP", pid);
  }

  /** Lets a frozen process go on, with whatever it was about to do. */
  public static void thaw(long pid) throws IOException, InterruptedException {
    signal("-CONT", pid);
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", name, Long.toString(pid)).inheritIO().start();
    if (kill.waitFor() != 0) {
      throw new IOException("kill " + name + " " + pid + " failed");
    }
  }

  /** Starts one more TaskManager. */
  public void startAnother() throws IOException, InterruptedException {
    script("taskmanager");
  }

  private String script(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(JobJars.home().resolve("scripts/flink-cluster.sh").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("--dir", folder.toString()));
    Path errors = folder.resolve("script.err");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().put("RESHARD_FLINK_CONFIG", configuration.toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(SCRIPT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(
          String.join(" ", command) + " failed: " + output + Files.readString(errors));
    }
    return output;
  }

  @Override
  public void close() throws IOException {
    try {
      script("stop");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while stopping the cluster", e);
    }
  }
}
