package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.Orchestrator;
import io.reshard.orchestrator.monitor.Monitor;
import io.reshard.orchestrator.serve.Caretaker;
import io.reshard.orchestrator.serve.WebServer;
import io.reshard.orchestrator.telemetry.Telemetry;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code reshard serve}. */
@Command(
    name = "serve",
    description = {
      "Drives operations that nobody drives, through switch, retention and clean-up, and shows over"
          + " HTTP how they are.",
      "Addresses: / (a page), /api/operations, /health, /metrics. Runs until it is ended; ending it"
          + " harms nothing. An operation that was started with --until stays where it stopped."
    })
final class ServeCommand implements Callable<Integer> {
  private static final int END_SECONDS = 10;

  @Mixin CommonOptions common;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8090",
      description = "Where it listens; 0 for any free port. Default: ${DEFAULT-VALUE}.")
  int port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = {
        "Default: ${DEFAULT-VALUE}, this machine alone. Whoever can reach another address can read",
        "names of shards, tables and keys that differ; nothing can be changed over HTTP."
      })
  String host;

  @Override
  public Integer call() {
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(end(Thread.currentThread(), ended), "end"));
    try {
      serve();
    } finally {
      ended.countDown();
    }
    return ExitCode.OK;
  }

  /** A signal ends the process in order, if that takes no longer than some seconds. */
  private static Runnable end(Thread serving, CountDownLatch ended) {
    return () -> {
      serving.interrupt();
      try {
        ended.await(END_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  private void serve() {
    try (Session session = common.open();
        Monitor monitor = new Monitor(session.control());
        Telemetry telemetry = Telemetry.start(session.config().telemetry(), monitor);
        WebServer web =
            WebServer.start(host, port, session.config(), monitor, telemetry.metrics())) {
      monitor.start();
      common.say("reshard serve: " + web.address());
      new Caretaker(
              session.control(),
              new Orchestrator(
                  session.config().control(),
                  session::cluster,
                  session.config().options(),
                  telemetry.tracer()))
          .run();
    }
  }
}
