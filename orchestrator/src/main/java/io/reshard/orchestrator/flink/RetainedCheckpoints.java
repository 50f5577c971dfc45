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

/**
 * The checkpoints that jobs leave in their folder: {@code FOLDER/SPACE/JOB/chk-N}, complete once
 * {@code _metadata} is there. This is how the last one is found when the cluster has forgotten the
 * job.
 */
final class RetainedCheckpoints {
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
      FileSystem files = folder.getFileSystem();
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
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** Removes every checkpoint of the jobs of {@code space}. */
  void delete(String space) {
    try {
      folder.getFileSystem().delete(new Path(folder, space), true);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private boolean complete(FileSystem files, Path checkpoint) {
    try {
      return files.exists(new Path(checkpoint, "_metadata"));
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static long number(Path path) {
    Matcher matcher = NAME.matcher(path.getName());
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
  }

  private ReshardingException unreadable(IOException cause) {
    return new ReshardingException(
        ErrorCode.FLINK_UNAVAILABLE,
        "the checkpoints in " + folder + " cannot be read: " + cause.getMessage(),
        cause);
  }
}
