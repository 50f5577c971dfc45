package io.reshard.verifier;

/**
 * The verdict on one split and step.
 *
 * @param countedSplits the splits whose rows these are, as an array of PostgreSQL, if they are
 *     several; else null
 * @param samples a JSON array of {@link io.reshard.core.control.Mismatch}
 */
public record StepResult(
    int split,
    String step,
    long sourceRows,
    long targetRows,
    long mismatches,
    long undecided,
    String countedSplits,
    String samples) {}
