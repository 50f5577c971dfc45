package io.reshard.orchestrator.phase;

/**
 * What has become of the newest attempt to switch. Whoever turns OPEN into SWITCHED has switched;
 * whoever turns it into ABORTED may drop the fence. After CLOSED there is no further attempt.
 */
public enum CutoverStatus {
  OPEN,
  SWITCHED,
  ABORTED,
  CLOSED
}
