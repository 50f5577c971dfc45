package io.reshard.orchestrator.serve;

import io.reshard.orchestrator.config.ConfigFile;
import io.reshard.orchestrator.config.ReshardConfig;
import io.reshard.orchestrator.monitor.Monitor;
import io.reshard.orchestrator.telemetry.Telemetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/** The HTTP side of {@code reshard serve} over a control database. */
final class ServedPage implements AutoCloseable {
  private final Monitor monitor;
  private final Telemetry telemetry;
  private final WebServer web;

  private ServedPage(Monitor monitor, Telemetry telemetry, WebServer web) {
    this.monitor = monitor;
    this.telemetry = telemetry;
    this.web = web;
  }

  static ServedPage of(StoredOperation stored) {
    return of(stored, 0);
  }

  static ServedPage of(StoredOperation stored, int port) {
    ReshardConfig config = config(stored);
    Monitor monitor = new Monitor(stored.control());
    Telemetry telemetry = Telemetry.start(config.telemetry(), monitor);
    WebServer web = WebServer.start("127.0.0.1", port, config, monitor, telemetry.metrics());
    monitor.start();
    return new ServedPage(monitor, telemetry, web);
  }

  private static ReshardConfig config(StoredOperation stored) {
    try {
      Path file = Files.createTempFile("reshard", ".yaml");
      try {
        Files.writeString(
            file,
            "control: { url: '%s', user: %s }"
                .formatted(stored.login().url(), stored.login().user()));
        return ConfigFile.read(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI address() {
    return web.address();
  }

  @Override
  public void close() {
    web.close();
    telemetry.close();
    monitor.close();
  }
}
