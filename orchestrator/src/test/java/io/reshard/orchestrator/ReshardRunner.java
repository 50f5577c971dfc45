package io.reshard.orchestrator;

import io.reshard.orchestrator.demo.Playground;
import java.sql.SQLException;

/**
 * The whole system for a developer's IDE: two embedded shards with the sample application, and an
 * embedded Flink. Prints the addresses and waits until it is stopped; the configuration that it
 * prints serves every command.
 */
public final class ReshardRunner {
  private static final int SHARDS = 2;
  private static final long ORDERS = 20_000;

  private ReshardRunner() {}

  public static void main(String[] arguments) throws SQLException {
    try (Playground playground = Playground.create()) {
      System.out.println(playground.start(SHARDS, ORDERS));
      playground.awaitEnd();
    }
  }
}
