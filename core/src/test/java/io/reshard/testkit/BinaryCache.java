package io.reshard.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * The directory, one for each version, into which zonky unpacks PostgreSQL, once for all JVMs of a
 * user. zonky cannot go on with what a killed JVM left half unpacked; so that is removed first, and
 * only one JVM unpacks at a time.
 */
final class BinaryCache {
  /** zonky makes this file when a directory is complete. */
  private static final String COMPLETE = ".exists";

  /**
   * A jar of the binaries, which the build has put there: two of them on one class path are one.
   */
  private static final Path OLDEST = Path.of("target", "postgres", "oldest.jar");

  private static final String ARCHIVE = "postgres-linux-x86_64.txz";

  private final Path directory;
  private final boolean oldest;

  BinaryCache(boolean oldest) {
    this.oldest = oldest;
    this.directory =
        oldest ? directory().resolveSibling(directory().getFileName() + "-15") : directory();
  }

  /** Makes the builder take binaries from here. */
  EmbeddedPostgres.Builder provide(EmbeddedPostgres.Builder builder) {
    builder.setOverrideWorkingDirectory(directory.toFile());
    if (oldest) {
      builder.setPgBinaryResolver((system, machine) -> oldestArchive());
    }
    return builder;
  }

  private static InputStream oldestArchive() throws IOException {
    try (JarFile jar = new JarFile(OLDEST.toFile())) {
      return new ByteArrayInputStream(jar.getInputStream(jar.getEntry(ARCHIVE)).readAllBytes());
    }
  }

  /**
   * By user: zonky's own default is one directory for all users, where only its first user can
   * unpack.
   */
  static Path directory() {
    return Path.of(
        System.getProperty("java.io.tmpdir"),
        "reshard-postgres-" + System.getProperty("user.name"));
  }

  /** Runs an action that unpacks if it has to. */
  void use(Callable<?> start) throws Exception {
    if (!unpackedUnderLock(start)) {
      start.call();
    }
  }

  private boolean unpackedUnderLock(Callable<?> start) throws Exception {
    synchronized (BinaryCache.class) {
      return unpackedAlone(start);
    }
  }

  private boolean unpackedAlone(Callable<?> start) throws Exception {
    Files.createDirectories(directory);
    Path lockFile = directory.resolve("lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      boolean complete = false;
      try (DirectoryStream<Path> versions = Files.newDirectoryStream(directory, "PG-*")) {
        for (Path version : versions) {
          boolean usable = Files.exists(version.resolve(COMPLETE));
          complete |= usable;
          if (!usable) {
            delete(version);
          }
        }
      }
      if (!complete) {
        start.call();
      }
      return !complete && lock.isValid();
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      paths.sorted(Comparator.reverseOrder()).forEach(BinaryCache::deleteOne);
    }
  }

  private static void deleteOne(Path path) {
    try {
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
