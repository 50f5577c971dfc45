package io.reshard.orchestrator.phase;

/**
 * What a cutover did, as {@code cutover --json} writes it. Of a rehearsal, {@code switched} is
 * false and the times are 0.
 *
 * @param topologyVersion the version that is active now
 * @param readOnlyMillis from the first fence to the last release
 * @param drainMillis from the last fence until the frontier had passed it
 * @param gate {@code open}, or why the gate would refuse
 */
public record CutoverReport(
    boolean switched, long topologyVersion, long readOnlyMillis, long drainMillis, String gate) {
  /** {@code gate} where nothing stands in the way. */
  public static final String GATE_OPEN = "open";

  /** Whether the gate would let a cutover pass, or has let it pass. */
  public boolean passes() {
    return gate.equals(GATE_OPEN);
  }
}
