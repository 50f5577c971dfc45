package io.reshard.core.control;

import io.reshard.core.checksum.VerificationMode;
import java.util.Optional;

/**
 * A run of the verification, as it began.
 *
 * @param since where the job was then; without a frontier if nothing was replicated, or not yet
 * @param job the Flink job that compares, or compared last
 * @param stopRequested whether it is to end with what it has
 */
public record VerificationRun(
    String run,
    VerificationMode mode,
    JobPosition since,
    Optional<String> job,
    boolean stopRequested) {}
