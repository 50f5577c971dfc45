package io.reshard.orchestrator.flink;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.JobID;

/**
 * A program to run on a cluster.
 *
 * @param space groups the checkpoints of jobs that follow each other, such as an operation's id
 * @param jobId chosen by the caller, so that it can be recorded before the job exists
 * @param arguments of the main method; never a password, since the Web UI may show them
 * @param restoreFrom a retained checkpoint to start from; the new job owns it from then on, and
 *     removes it once it has made its own
 */
public record JobSubmission(
    String space, JobID jobId, Path jar, List<String> arguments, Optional<String> restoreFrom) {}
