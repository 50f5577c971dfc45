package io.reshard.orchestrator.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The files of the page: all of it, so that it works without any other network. */
final class Page {
  private static final int OK = 200;

  private Page() {}

  /** The files by their path. */
  static Map<String, Answer> files() {
    return Map.of(
        "/", file("index.html", "text/html; charset=utf-8"),
        "/page.css", file("page.css", "text/css; charset=utf-8"),
        "/page.js", file("page.js", "text/javascript; charset=utf-8"),
        "/chart.js", file("chart.js", "text/javascript; charset=utf-8"));
  }

  private static Answer file(String name, String contentType) {
    try (InputStream file = Page.class.getResourceAsStream(name)) {
      return new Answer(OK, contentType, new String(file.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the page's " + name, e);
    }
  }
}
