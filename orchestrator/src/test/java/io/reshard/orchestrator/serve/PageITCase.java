package io.reshard.orchestrator.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.StopMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser. Skipped where there is none. */
@EnabledIf(
    value = "io.reshard.orchestrator.serve.Browser#available",
    disabledReason = "no chromedriver on the PATH; apt-get install chromium chromium-driver")
@Tag("cluster")
class PageITCase {
  private static final int PHONE = 500;

  @TempDir Path folder;

  @Test
  void showsAnOperationAsItGoesOn() throws Exception {
    try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start(ServerOptions.fast())) {
      StoredOperation stored = StoredOperation.none(server);
      try (ServedPage page = ServedPage.of(stored);
          Browser browser =
              Browser.open(
                  page.address(), Files.createDirectory(folder.resolve("profile")), PHONE)) {
        await(browser, "No operation yet");
        stored.create(Optional.empty());
        stored.copy(40);
        stored.lag(2_000);
        await(browser, "op-1 · Copying");
        await(browser, "40 of about 100");
        assertThat(browser.text())
            .contains("Degraded")
            .contains("No process drives it")
            .contains("'reshard resume op-1'")
            .contains("shard-0 → shard-1");
        assertThat(
                browser
                    .evaluate(
                        "document.querySelector('[role=progressbar]').getAttribute('aria-valuenow')")
                    .asInt())
            .isEqualTo(40);
        // The page may have asked between the rows and the lag.
        Awaitility.await()
            .until(
                () ->
                    browser
                        .evaluate("document.querySelector('#lag svg path.line') !== null")
                        .asBoolean());

        new PostgresOperationStore(stored.control())
            .fail(
                stored.operation(),
                new OperationError("resharding.key_collision", "<b>two owners</b>"));
        await(browser, "op-1 · Failed");
        await(browser, "Unhealthy");
        // What comes from the database is text, and never markup.
        assertThat(browser.text()).contains("<b>two owners</b>").contains("Change one of the two");
        assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
            .isLessThanOrEqualTo(browser.evaluate("window.innerWidth").asInt());
        assertThat(browser.console().findValuesAsText("message"))
            // The answer 503 of /health is told there as well.
            .allMatch(message -> message.contains("/health"));
        server.stop(StopMode.IMMEDIATE);
        await(browser, "resharding.state_store_failed");
      }
    }
  }

  private static void await(Browser browser, String text) {
    Awaitility.await().untilAsserted(() -> assertThat(browser.text()).contains(text));
  }
}
