package io.reshard.planner;

/**
 * How long a migration will take until it can be switched, and how that is known.
 *
 * @param seconds from the start to the end of the verification
 * @param basis what was measured and what was assumed, in words
 */
public record DurationEstimate(double seconds, String basis) {}
