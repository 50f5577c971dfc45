package io.reshard.testkit;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/**
 * A JVM that starts a server, prints its directory and process id, and ends in one of several ways.
 */
final class ServerInOtherJvm {
  private ServerInOtherJvm() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    EmbeddedPostgresServer server = EmbeddedPostgresServer.start(ServerOptions.fast());
    System.out.println(server.directory());
    System.out.println(EmbeddedPostgresServerITCase.postmaster(server.directory()));
    switch (arguments[0]) {
      case "exit" -> System.exit(3);
      case "halt" -> Runtime.getRuntime().halt(3);
      default -> new CountDownLatch(1).await();
    }
  }
}
