package io.reshard.orchestrator.config;

import io.reshard.core.control.Throttle;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;

/** A throttle as an operator writes it, in reshard.yaml or on the command line. */
public final class ThrottleTexts {
  /** Instead of a value: nothing is held back. */
  public static final String OFF = "off";

  private ThrottleTexts() {}

  /**
   * A changed throttle. A text that is null leaves its value as it is.
   *
   * @throws ReshardingException {@code invalid_configuration} names the key, the value and the rule
   */
  public static Throttle applied(
      Throttle before,
      String bytesPerSecond,
      String readersPerSource,
      String pauseQuery,
      String pauseAbove) {
    Throttle after =
        new Throttle(
            value(Settings.THROTTLE_BYTES, bytesPerSecond, before.bytesPerSecond()),
            value(Settings.THROTTLE_READERS, readersPerSource, before.readersPerSource()),
            value(Settings.THROTTLE_QUERY, pauseQuery, before.pauseQuery()),
            value(Settings.THROTTLE_ABOVE, pauseAbove, before.pauseAbove()));
    if ((after.pauseQuery() == null) != (after.pauseAbove() == null)) {
      throw new ReshardingException(
          ErrorCode.INVALID_CONFIGURATION,
          "throttle.pauseQuery and throttle.pauseAbove belong together: give both or neither");
    }
    return after;
  }

  private static <T> T value(Setting<T> setting, String text, T before) {
    if (OFF.equals(text)) {
      return null;
    }
    return text == null ? before : setting.read(text);
  }
}
