package io.reshard.orchestrator.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.testkit.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** A headless Chromium, driven by chromedriver's own protocol (W3C WebDriver). */
final class Browser implements AutoCloseable {
  private static final String DRIVER = "chromedriver";
  private static final List<String> FLAGS =
      List.of(
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync");

  private final HttpClient client = HttpClient.newHttpClient();
  private final Process driver;
  private final URI address;
  private final String session;

  private Browser(Process driver, URI address, Path profile, int width) {
    this.driver = driver;
    this.address = address;
    Awaitility.await().ignoreExceptions().until(() -> call("GET", "/status", null) != null);
    List<String> flags = new ArrayList<>(FLAGS);
    flags.add("--user-data-dir=" + profile);
    flags.add("--window-size=" + width + ",1400");
    Map<String, Object> chrome =
        Map.of(
            "goog:chromeOptions",
            Map.of("args", flags),
            "goog:loggingPrefs",
            Map.of("browser", "ALL"));
    this.session =
        "/session/"
            + call("POST", "/session", Map.of("capabilities", Map.of("alwaysMatch", chrome)))
                .get("sessionId")
                .asText();
  }

  /** Whether this machine has one: packages chromium and chromium-driver of Debian. */
  static boolean available() {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, DRIVER)));
  }

  /** Opens {@code page} in a new browser. */
  static Browser open(URI page, Path profile, int width) throws IOException {
    int port = FreePort.find();
    Process driver =
        new ProcessBuilder(DRIVER, "--port=" + port)
            .redirectErrorStream(true)
            .redirectOutput(profile.resolveSibling("chromedriver.log").toFile())
            .start();
    Browser browser = new Browser(driver, URI.create("http://127.0.0.1:" + port), profile, width);
    browser.call("POST", browser.session + "/url", Map.of("url", page.toString()));
    return browser;
  }

  /** The value of a JavaScript expression. */
  JsonNode evaluate(String expression) {
    return call(
        "POST",
        session + "/execute/sync",
        Map.of("script", "return " + expression, "args", List.of()));
  }

  /** The text that a person sees. */
  String text() {
    return evaluate("document.body.innerText").asText();
  }

  /** What the console has: an error of the page, or something that it was not allowed to load. */
  JsonNode console() {
    return call("POST", session + "/se/log", Map.of("type", "browser"));
  }

  private JsonNode call(String method, String path, Object body) {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve(path))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(Documents.toJson(body)))
            .build();
    try {
      String answer = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
      return Documents.parse(answer, JsonNode.class, ErrorCode.INTERNAL, path).get("value");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    call("DELETE", session, null);
    driver.destroy();
  }
}
