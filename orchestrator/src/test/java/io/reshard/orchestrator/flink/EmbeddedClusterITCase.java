package io.reshard.orchestrator.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client against a real cluster, which runs in this process. */
@Tag("cluster")
class EmbeddedClusterITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir static Path folder;
  private static EmbeddedCluster cluster;
  private static Path jar;

  @BeforeAll
  static void start() throws IOException {
    cluster = EmbeddedCluster.start(folder.resolve("checkpoints").toUri().toString(), 1);
    jar = pack();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  private static Path pack() throws IOException {
    Path file = folder.resolve("endless.jar");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, EndlessJob.class.getName());
    try (OutputStream output = Files.newOutputStream(file);
        JarOutputStream packed = new JarOutputStream(output, manifest)) {
      for (Class<?> type : List.of(EndlessJob.class, EndlessJob.Step.class)) {
        String name = type.getName().replace('.', '/') + ".class";
        packed.putNextEntry(new JarEntry(name));
        try (InputStream code = type.getClassLoader().getResourceAsStream(name)) {
          code.transferTo(packed);
        }
      }
    }
    return file;
  }

  private static JobID submit(String how, Optional<String> restoreFrom) {
    JobID job = JobID.generate();
    cluster.submit(new JobSubmission("op-1", job, jar, List.of(how), restoreFrom));
    return job;
  }

  private static Optional<String> latestCheckpoint(JobID job) {
    return cluster.latestCheckpoint("op-1", job, Optional.empty());
  }

  private static void awaitStatus(JobID job, JobStatus status) {
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(cluster.status(job)).hasValue(status));
  }

  @Test
  void goesOnFromTheLastRetainedCheckpoint() {
    JobID first = submit(EndlessJob.RUN, Optional.empty());
    awaitStatus(first, JobStatus.RUNNING);
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(latestCheckpoint(first)).isPresent());
    cluster.cancel(first);
    assertThat(cluster.status(first)).hasValue(JobStatus.CANCELED);
    cluster.cancel(first);

    Optional<String> checkpoint = latestCheckpoint(first);
    assertThat(checkpoint).hasValueSatisfying(path -> assertThat(path).contains("op-1"));
    JobID second = submit(EndlessJob.RUN, checkpoint);
    awaitStatus(second, JobStatus.RUNNING);
    assertThat(cluster.failure(second)).isEmpty();
    cluster.cancel(second);
    cluster.deleteCheckpoints("op-1");
    assertThat(folder.resolve("checkpoints/op-1")).doesNotExist();
  }

  @Test
  void knowsNothingOfOtherJobs() {
    JobID unknown = JobID.generate();
    assertThat(cluster.status(unknown)).isEmpty();
    assertThat(cluster.failure(unknown)).isEmpty();
    assertThat(cluster.latestCheckpoint("op-2", unknown, Optional.empty())).isEmpty();
    cluster.cancel(unknown);
  }

  @Test
  void keepsTheCodeOfAnErrorInMain() {
    assertThatThrownBy(() -> submit(EndlessJob.FAIL_IN_MAIN, Optional.empty()))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> {
              assertThat(e.errorCode()).isEqualTo(ErrorCode.SLOT_MISSING);
              assertThat(e.getMessage()).isEqualTo("the slot of shard-0 is gone");
            });
  }

  @Test
  void keepsTheCodeOfAnErrorOnTheCluster() {
    JobID job = submit(EndlessJob.FAIL_ON_CLUSTER, Optional.empty());
    awaitStatus(job, JobStatus.FAILED);
    assertThat(cluster.failure(job))
        .hasValueSatisfying(
            failure -> {
              assertThat(failure.code()).hasValue(ErrorCode.KEY_COLLISION);
              assertThat(failure.message()).isEqualTo("two sources hold the key 7");
            });
  }

  @Test
  void showsItsWebPage() throws Exception {
    HttpResponse<String> page =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(cluster.address().resolve("/")).build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body()).contains("Flink");
  }

  @Test
  void saysSoIfThereIsNoCluster() {
    try (RestFlinkCluster nothing =
        new RestFlinkCluster(URI.create("http://127.0.0.1:1"), Optional.empty(), 1)) {
      assertThatThrownBy(() -> nothing.status(JobID.generate()))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> {
                assertThat(e.errorCode()).isEqualTo(ErrorCode.FLINK_UNAVAILABLE);
                assertThat(e.getMessage()).contains("http://127.0.0.1:1");
              });
    }
  }
}
