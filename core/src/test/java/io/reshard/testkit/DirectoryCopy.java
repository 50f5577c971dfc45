package io.reshard.testkit;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Predicate;

/** Copies a folder that changes meanwhile: files that vanish are left out. */
final class DirectoryCopy extends SimpleFileVisitor<Path> {
  private final Path from;
  private final Path to;
  private final Predicate<Path> leftOut;

  private DirectoryCopy(Path from, Path to, Predicate<Path> leftOut) {
    this.from = from;
    this.to = to;
    this.leftOut = leftOut;
  }

  /** Copies folders with their permissions, and the files that are not {@code leftOut}. */
  static void copy(Path from, Path to, Predicate<Path> leftOut) throws IOException {
    Files.walkFileTree(from, new DirectoryCopy(from, to, leftOut));
  }

  @Override
  public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
      throws IOException {
    Files.copy(folder, target(folder), StandardCopyOption.COPY_ATTRIBUTES);
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
    if (!leftOut.test(from.relativize(file))) {
      try {
        Files.copy(file, target(file), StandardCopyOption.COPY_ATTRIBUTES);
      } catch (NoSuchFileException vanished) {
        return FileVisitResult.CONTINUE;
      }
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
    if (failure instanceof NoSuchFileException) {
      return FileVisitResult.CONTINUE;
    }
    throw failure;
  }

  private Path target(Path path) {
    return to.resolve(from.relativize(path));
  }
}
