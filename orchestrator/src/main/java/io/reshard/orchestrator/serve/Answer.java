package io.reshard.orchestrator.serve;

import com.sun.net.httpserver.HttpExchange;
import io.reshard.core.json.Documents;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What is sent back for a request. */
record Answer(int status, String contentType, String body) {
  private static final int NO_BODY = -1;

  static Answer json(int status, Object document) {
    return new Answer(status, "application/json; charset=utf-8", Documents.toJson(document));
  }

  /** Only this server's own files may be loaded by the page, and nobody keeps a copy of it. */
  void send(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", contentType);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    exchange
        .getResponseHeaders()
        .set(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, head ? NO_BODY : content.length);
    if (!head) {
      exchange.getResponseBody().write(content);
    }
  }
}
