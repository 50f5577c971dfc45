package io.reshard.orchestrator.cutover;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.orchestrator.hook.CutoverGate;
import io.reshard.orchestrator.hook.Executable;
import java.time.Duration;
import java.util.Optional;

/**
 * How a cutover is to be done.
 *
 * @param timeout from the gate's hook to the release; when it is over the cutover is undone
 * @param lagThreshold the gate refuses while the frontier is further behind
 * @param openTransactions how long the fence waits for open transactions before it ends them
 * @param verification what a verification must have compared for the gate to believe it
 * @param gateHook who may refuse, if anybody
 * @param onSwitch the operator's own swap of the topology, run before the release, if any
 * @param wayBack whether changes on the new shards are captured from the switch on
 */
record CutoverSettings(
    Duration timeout,
    Duration lagThreshold,
    Duration openTransactions,
    VerificationMode verification,
    Optional<CutoverGate> gateHook,
    Optional<Executable> onSwitch,
    boolean wayBack) {
  /**
   * Shorter than a second, so that a client that holds a transaction open cannot make an outage.
   */
  static final Duration OPEN_TRANSACTIONS = Duration.ofMillis(400);
}
