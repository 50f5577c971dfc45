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
    checkpoint("op", JOB, number, complete);
  }

  /** Returns its URI. */
  private String checkpoint(String space, JobID job, int number, boolean complete)
      throws IOException {
    Path path = folder.resolve(space).resolve(job.toHexString()).resolve("chk-" + number);
    Files.createDirectories(path);
    if (complete) {
      Files.createFile(path.resolve("_metadata"));
    }
    return path.toUri().toString();
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
  void findsWhatAJobHasMadeSinceOneWasNoted() throws IOException {
    String noted = checkpoint("", JOB, 4, true);
    assertThat(RetainedCheckpoints.latestSince(noted)).isEqualTo(noted);
    checkpoint("", JOB, 12, true);
    checkpoint("", JOB, 13, false);
    assertThat(RetainedCheckpoints.latestSince(noted)).endsWith(JOB + "/chk-12");
    assertThat(RetainedCheckpoints.latestNear(noted, JOB)).get().asString().endsWith("chk-12");
    String newest = checkpoint("", JOB, 14, true);
    assertThat(RetainedCheckpoints.latestSince(newest)).isEqualTo(newest);
    // The cluster can have removed the noted one, and what it has left can be older than that.
    assertThat(RetainedCheckpoints.latestSince(newest.replace("chk-14", "chk-20")))
        .contains("chk-20");
  }

  @Test
  void findsTheCheckpointsOfAJobBesideThoseOfTheOneThatItStartedFrom() throws IOException {
    JobID next = new JobID(3, 4);
    String startedFrom = checkpoint("", JOB, 20, true);
    assertThat(RetainedCheckpoints.latestNear(startedFrom, next)).isEmpty();
    String own = checkpoint("", next, 21, true);
    assertThat(RetainedCheckpoints.latestNear(startedFrom, next))
        .get()
        .asString()
        .endsWith(next + "/chk-21");
    assertThat(RetainedCheckpoints.latestIn(folder.toUri().toString(), next))
        .isEqualTo(RetainedCheckpoints.latestNear(own, next));
  }

  @Test
  void looksForNothingAroundASavepoint() throws IOException {
    checkpoint("", JOB, 1, true);
    String savepoint = folder.resolve(JOB.toHexString()).resolve("savepoint-1").toUri().toString();
    assertThat(RetainedCheckpoints.latestSince(savepoint)).isEqualTo(savepoint);
    assertThat(RetainedCheckpoints.latestNear(savepoint, JOB)).isEmpty();
  }

  @Test
  void aFileSystemThatThisProcessDoesNotKnowHidesNothingThatWasNoted() {
    String noted = "nowhere://bucket/" + JOB + "/chk-3";
    assertThat(RetainedCheckpoints.latestNear(noted, JOB)).isEmpty();
    assertThat(RetainedCheckpoints.latestSince(noted)).isEqualTo(noted);
    assertThat(RetainedCheckpoints.latestIn("nowhere://bucket", JOB)).isEmpty();
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
