package io.reshard.orchestrator.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetainedCheckpointsTest {
  private static final JobID JOB = new JobID(1, 2);

  @TempDir Path folder;
  private RetainedCheckpoints checkpoints;

  @BeforeEach
  void open() {
    checkpoints = new RetainedCheckpoints(folder.toUri().toString());
  }

  private void checkpoint(int number, boolean complete) throws IOException {
    Path path = folder.resolve("op").resolve(JOB.toHexString()).resolve("chk-" + number);
    Files.createDirectories(path);
    if (complete) {
      Files.createFile(path.resolve("_metadata"));
    }
  }

  @Test
  void takesTheNewestThatIsComplete() throws IOException {
    checkpoint(9, true);
    checkpoint(10, true);
    checkpoint(11, false);
    Files.createDirectories(folder.resolve("op").resolve(JOB.toHexString()).resolve("shared"));
    assertThat(checkpoints.latest("op", JOB))
        .hasValueSatisfying(path -> assertThat(path).endsWith("chk-10"));
  }

  @Test
  void findsNothingWhereNothingIs() throws IOException {
    assertThat(checkpoints.latest("op", JOB)).isEmpty();
    checkpoint(1, false);
    assertThat(checkpoints.latest("op", JOB)).isEmpty();
    assertThat(checkpoints.latest("other", JOB)).isEmpty();
  }

  @Test
  void removesAllOfASpaceAndNothingElse() throws IOException {
    checkpoint(1, true);
    Files.createDirectories(folder.resolve("other"));
    checkpoints.delete("op");
    checkpoints.delete("op");
    assertThat(folder).isDirectoryContaining("glob:**other");
    assertThat(folder.resolve("op")).doesNotExist();
  }
}
