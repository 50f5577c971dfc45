package io.reshard.orchestrator.flink;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.postgres.Secrets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * The plan and the secrets as files for the main method of a job: in a folder that only this user
 * can enter, gone when it is closed.
 */
public final class SubmissionFiles implements AutoCloseable {
  private final Path folder;
  private final Path plan;
  private final Path secrets;

  private SubmissionFiles(Path folder) {
    this.folder = folder;
    this.plan = folder.resolve("plan.json");
    this.secrets = folder.resolve("secrets.yaml");
  }

  /** Writes both files. */
  public static SubmissionFiles write(Plan plan, Secrets secrets) {
    try {
      SubmissionFiles files =
          new SubmissionFiles(Files.createTempDirectory("reshard-", permissions("rwx------")));
      try {
        PlanFile.write(plan, files.plan);
        Files.createFile(files.secrets, permissions("rw-------"));
        Files.writeString(files.secrets, Documents.toJson(secrets));
        return files;
      } catch (IOException | ReshardingException e) {
        files.close();
        throw e;
      }
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INTERNAL, "cannot write the files of a job: " + e.getMessage(), e);
    }
  }

  private static FileAttribute<?> permissions(String text) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text));
  }

  /** The arguments that name both files. */
  public List<String> arguments() {
    return List.of("--plan", plan.toString(), "--secrets", secrets.toString());
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(secrets);
      Files.deleteIfExists(plan);
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INTERNAL, "cannot remove " + folder + ", which holds passwords", e);
    }
  }
}
