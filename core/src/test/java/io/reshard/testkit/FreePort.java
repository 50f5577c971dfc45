package io.reshard.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds a free TCP port below the range that the kernel gives to outgoing connections (32768 and up
 * on Linux). A port inside that range can be taken by any client while its server is restarted,
 * even by a client that calls that very server: a TCP connection to itself.
 */
final class FreePort {
  private static final int FIRST = 15_000;
  private static final int LAST = 32_000;
  private static final int ATTEMPTS = 200;

  private FreePort() {}

  static int find() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new TestKitException(
        "no free TCP port between " + FIRST + " and " + LAST + " in " + ATTEMPTS + " attempts");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(false);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException occupied) {
      return false;
    }
  }
}
