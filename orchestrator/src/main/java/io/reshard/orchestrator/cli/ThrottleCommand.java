package io.reshard.orchestrator.cli;

import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.orchestrator.config.ThrottleTexts;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard throttle}. */
@Command(
    name = "throttle",
    description = {
      "Holds the copy of a running operation back, or shows how it is held back.",
      "An option that is left out stays as it is; the value 'off' lifts it."
    })
final class ThrottleCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--bytes-per-second",
      paramLabel = "SIZE",
      description = "Read from each source, by all readers together, such as 50MB.")
  String bytesPerSecond;

  @Option(
      names = "--readers",
      paramLabel = "N",
      description = "How many readers read from one source at once.")
  String readersPerSource;

  @Option(
      names = "--pause-query",
      paramLabel = "SQL",
      description = "Gives a number, on each source and the targets of its rows.")
  String pauseQuery;

  @Option(
      names = "--pause-above",
      paramLabel = "N",
      description = "The copy begins nothing more while a number is greater than this.")
  String pauseAbove;

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      String operationId = session.operation(id).id();
      ThrottleStore store = new ThrottleStore(session.control());
      Throttle before = store.get(operationId);
      Throttle after =
          ThrottleTexts.applied(before, bytesPerSecond, readersPerSource, pauseQuery, pauseAbove);
      if (!after.equals(before)) {
        store.set(operationId, after);
      }
      common.print(after, text(after));
    }
    return ExitCode.OK;
  }

  private static String text(Throttle throttle) {
    return String.join(
        "\n",
        "bytes per second   " + orOff(throttle.bytesPerSecond()),
        "readers per source " + orOff(throttle.readersPerSource()),
        "pause query        " + orOff(throttle.pauseQuery()),
        "pause above        " + orOff(throttle.pauseAbove()));
  }

  private static String orOff(Object value) {
    return Objects.toString(value, ThrottleTexts.OFF);
  }
}
