package io.reshard.orchestrator.flink;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.JobID;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.UnsupportedFileSystemSchemeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints that jobs leave in their folder: {@code FOLDER/SPACE/JOB/chk-N}, complete once
 * {@code _metadata} is there. This is how the last one is found when the cluster has forgotten the
 * job. In a folder that the cluster chose there are no spaces.
 */
final class RetainedCheckpoints {
  private static final Logger LOG = LoggerFactory.getLogger(RetainedCheckpoints.class);
  private static final Pattern NAME = Pattern.compile("chk-(\\d+)");

  private final Path folder;

  RetainedCheckpoints(String folder) {
    this.folder = new Path(folder);
  }

  /** The folder that the jobs of {@code space} are given. */
  String folderOf(String space) {
    return new Path(folder, space).toString();
  }

  /** The newest complete checkpoint of {@code job}. */
  Optional<String> latest(String space, JobID job) {
    Path jobFolder = new Path(new Path(folder, space), job.toHexString());
    try {
      return newestIn(jobFolder);
    } catch (IOException e) {
      throw unreadable(jobFolder, e);
    }
  }

  /**
   * The newest complete checkpoint of {@code job} in a folder that the cluster chose; empty as well
   * if this process knows no such file system.
   */
  static Optional<String> latestIn(String clusterFolder, JobID job) {
    return lookIn(new Path(clusterFolder, job.toHexString()));
  }

  /** The newest complete checkpoint of {@code job} in the folder that {@code known} is from. */
  static Optional<String> latestNear(String known, JobID job) {
    Path checkpoint = new Path(known);
    return number(checkpoint) < 0
        ? Optional.empty()
        : lookIn(new Path(checkpoint.getParent().getParent(), job.toHexString()));
  }

  /** {@code known}, or a later one of the same job; a savepoint has none. */
  static String latestSince(String known) {
    Path checkpoint = new Path(known);
    if (number(checkpoint) < 0) {
      return known;
    }
    return lookIn(checkpoint.getParent())
        .filter(found -> number(new Path(found)) > number(checkpoint))
        .orElse(known);
  }

  private static Optional<String> lookIn(Path jobFolder) {
    try {
      return newestIn(jobFolder);
    } catch (UnsupportedFileSystemSchemeException e) {
      LOG.info("cannot look for checkpoints in {}: {}", jobFolder, e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(jobFolder, e);
    }
  }

  private static Optional<String> newestIn(Path jobFolder) throws IOException {
    try {
      FileSystem files = jobFolder.getFileSystem();
      if (!files.exists(jobFolder)) {
        return Optional.empty();
      }
      FileStatus[] found = files.listStatus(jobFolder);
      return Arrays.stream(found == null ? new FileStatus[0] : found)
          .map(FileStatus::getPath)
          .filter(path -> number(path) >= 0)
          .sorted(Comparator.comparingLong(RetainedCheckpoints::number).reversed())
          .filter(path -> complete(files, path))
          .map(Path::toString)
          .findFirst();
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  /** Removes every checkpoint of the jobs of {@code space}. */
  void delete(String space) {
    try {
      folder.getFileSystem().delete(new Path(folder, space), true);
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static boolean complete(FileSystem files, Path checkpoint) {
    try {
      return files.exists(new Path(checkpoint, "_metadata"));
    } catch (IOException e) {
      throw unreadable(checkpoint, e);
    }
  }

  private static long number(Path path) {
    Matcher matcher = NAME.matcher(path.getName());
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
  }

  private static ReshardingException unreadable(Path folder, IOException cause) {
    return new ReshardingException(
        ErrorCode.FLINK_UNAVAILABLE,
        "the checkpoints in " + folder + " cannot be read: " + cause.getMessage(),
        cause);
  }
}
