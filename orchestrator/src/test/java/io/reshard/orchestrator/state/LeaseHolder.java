package io.reshard.orchestrator.state;

import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A process that drives an operation, and says for every line that it is told how it stands. */
final class LeaseHolder {
  static final String HELD = "held";

  private LeaseHolder() {}

  /** Takes the URL of the control database, the operation, and the lease in milliseconds. */
  public static void main(String[] arguments) throws IOException {
    Endpoint control = new Endpoint("control", arguments[0], "postgres", null);
    Duration lease = Duration.ofMillis(Long.parseLong(arguments[2]));
    try (DriverLock lock = DriverLock.acquire(control, arguments[1], false, lease);
        BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      System.out.println(HELD);
      while (input.readLine() != null) {
        System.out.println(state(lock));
      }
    }
  }

  private static String state(DriverLock lock) {
    try {
      lock.requireHeld();
      return HELD;
    } catch (ReshardingException e) {
      return e.errorCode().code();
    }
  }
}
