package io.reshard.planner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Checks that targets have room for what they will get. PostgreSQL does not tell how much its disk
 * has left, so this can be known of servers on this machine alone.
 */
final class DiskSpaceCheck {
  /** Rows, their indexes, and write-ahead log of about as much. */
  private static final long TIMES = 3;

  private final Migration migration;
  private final Inspection inspection;

  DiskSpaceCheck(Migration migration, Inspection inspection) {
    this.migration = migration;
    this.inspection = inspection;
  }

  void run(Findings findings) {
    Map<String, Long> needed = new HashMap<>();
    for (Overlap step : migration.steps()) {
      long bytes = TIMES * inspection.moved(step.source(), step.target()).bytes();
      needed.merge(server(step.target()).instance(), bytes, Long::sum);
    }
    for (String target : migration.targets()) {
      long bytes = needed.get(server(target).instance());
      OptionalLong free = free(server(target).localDirectory());
      findings.add(
          "disk_space",
          target,
          problems(bytes, free),
          free.isEmpty()
              ? "cannot be known from here; its server will need " + bytes + " bytes"
              : "its server has room for " + bytes + " bytes",
          "make room, or place the shard on another node");
    }
  }

  static List<String> problems(long needed, OptionalLong free) {
    return free.isPresent() && free.getAsLong() < needed
        ? List.of(
            "its server will need " + needed + " bytes, but " + free.getAsLong() + " are free")
        : List.of();
  }

  private ServerFacts server(String shardId) {
    return inspection.shard(shardId).server();
  }

  private static OptionalLong free(String directory) {
    if (directory == null) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Files.getFileStore(Path.of(directory)).getUsableSpace());
    } catch (IOException notHere) {
      return OptionalLong.empty();
    }
  }
}
