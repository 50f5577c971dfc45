package io.reshard.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds a free TCP port below the range that the kernel gives to outgoing connections (32768 and up
 * on Linux). A port inside that range can be taken by any client while its server is restarted,
 * even by a client that calls that very server: a TCP connection to itself.
 *
 * <p>A port that was found stays this process's for good: a server binds it a moment later, and
 * other test processes are looking for one meanwhile.
 */
public final class FreePort {
  private static final int FIRST = 15_000;
  private static final int LAST = 32_000;
  private static final int ATTEMPTS = 200;

  private static final Path FOLDER =
      Path.of(
          System.getProperty("java.io.tmpdir"), "reshard-ports-" + System.getProperty("user.name"));

  /** Open files: closing one would release its lock. */
  private static final Map<Integer, FileChannel> RESERVED = new HashMap<>();

  private FreePort() {}

  public static synchronized int find() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
      if (reserve(port) && isFree(port)) {
        return port;
      }
    }
    throw new TestKitException(
        "no free TCP port between " + FIRST + " and " + LAST + " in " + ATTEMPTS + " attempts");
  }

  /** Takes the lock of a file that bears the port's number, until this process ends. */
  private static boolean reserve(int port) {
    if (RESERVED.containsKey(port)) {
      return false;
    }
    try {
      Files.createDirectories(FOLDER);
      FileChannel file =
          FileChannel.open(
              FOLDER.resolve(Integer.toString(port)),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE);
      if (file.tryLock() == null) {
        file.close();
        return false;
      }
      RESERVED.put(port, file);
      return true;
    } catch (IOException e) {
      throw new TestKitException("cannot reserve the TCP port " + port, e);
    }
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
