package io.reshard.core.control;

import io.reshard.core.checksum.VerificationMode;

/**
 * A run of the verification, as it began.
 *
 * @param since where the job was then; without a frontier if nothing was replicated, or not yet
 */
public record VerificationRun(String run, VerificationMode mode, JobPosition since) {}
