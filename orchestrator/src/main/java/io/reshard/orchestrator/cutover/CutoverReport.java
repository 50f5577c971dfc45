package io.reshard.orchestrator.cutover;

/**
 * The outcome of a cutover, as {@code cutover --json} prints it.
 *
 * @param switched whether the new topology is in force
 * @param topologyVersion the version that is active now
 * @param readOnlyMillis from the fence's first lock to the release
 * @param drainMillis the part of it that went into waiting for the frontier
 * @param gate {@code passed}
 */
public record CutoverReport(
    boolean switched, long topologyVersion, long readOnlyMillis, long drainMillis, String gate) {}
