package io.reshard.orchestrator.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.config.ReshardConfig;
import io.reshard.orchestrator.monitor.Monitor;
import io.reshard.orchestrator.phase.HealthCheck;
import io.reshard.orchestrator.phase.HealthReport;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows over HTTP how operations are. Nothing can be changed through it. */
public final class WebServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WebServer.class);
  private static final int THREADS = 4;
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final int METHOD_NOT_ALLOWED = 405;
  private static final int INTERNAL_ERROR = 500;
  private static final int UNAVAILABLE = 503;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

  private WebServer(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
  }

  /**
   * Listens on {@code host} and {@code port}, of which 0 is any; {@code invalid_arguments} if it
   * cannot.
   *
   * @param metrics answers what Prometheus asks
   */
  public static WebServer start(
      String host, int port, ReshardConfig config, Monitor monitor, HttpHandler metrics) {
    // The schema was brought up to date when the configuration was opened.
    ControlDatabase control = new ControlDatabase(config.control().endpoint());
    WebServer web = new WebServer(bind(host, port));
    ViewReader views = new ViewReader(control, monitor, config.options());
    HealthCheck health =
        new HealthCheck(
            () -> new PostgresOperationStore(control),
            config.health().maxReshardingDuration(),
            config.health().timeout());
    web.server.createContext("/metrics", metrics);
    web.serve("/health", request -> health(health.check()));
    web.serve("/api/operations", request -> operations(control));
    web.serve("/api/view", request -> Answer.json(OK, views.read(wanted(request))));
    Page.files().forEach((path, file) -> web.serve(path, request -> file));
    web.server.start();
    return web;
  }

  private static HttpServer bind(String host, int port) {
    try {
      return HttpServer.create(new InetSocketAddress(host, port), 0);
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          "cannot listen on " + host + ":" + port + ": " + e.getMessage() + "; try --port",
          e);
    }
  }

  /** Where it can be reached. */
  public URI address() {
    InetSocketAddress bound = server.getAddress();
    return URI.create("http://" + bound.getAddress().getHostAddress() + ":" + bound.getPort());
  }

  private static Answer health(HealthReport report) {
    return Answer.json(report.status() == HealthReport.Status.UNHEALTHY ? UNAVAILABLE : OK, report);
  }

  /** The same document as {@code list --json}. */
  private static Answer operations(ControlDatabase control) {
    StatusReader statuses = new StatusReader(control);
    return Answer.json(
        OK,
        new PostgresOperationStore(control)
            .list().stream().map(Operation::id).map(statuses::read).toList());
  }

  private static Optional<String> wanted(URI request) {
    String query = request.getQuery();
    return query != null && query.startsWith("id=")
        ? Optional.of(query.substring("id=".length()))
        : Optional.empty();
  }

  private void serve(String path, Function<URI, Answer> work) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            answer(exchange, path, work).send(exchange);
          }
        });
  }

  private static Answer answer(HttpExchange exchange, String path, Function<URI, Answer> work) {
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return problem(
          METHOD_NOT_ALLOWED, ErrorCode.INVALID_ARGUMENTS, "nothing can be changed here");
    }
    // A context also gets the paths below it.
    if (!exchange.getRequestURI().getPath().equals(path)) {
      return problem(NOT_FOUND, ErrorCode.INVALID_ARGUMENTS, "there is no such page");
    }
    try {
      return work.apply(exchange.getRequestURI());
    } catch (ReshardingException e) {
      return problem(UNAVAILABLE, e.errorCode(), e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("{} failed", path, e);
      return problem(INTERNAL_ERROR, ErrorCode.INTERNAL, "look at the log");
    }
  }

  private static Answer problem(int status, ErrorCode code, String message) {
    return Answer.json(status, new OperationError(code.code(), message));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
