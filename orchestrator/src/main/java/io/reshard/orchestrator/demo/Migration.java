package io.reshard.orchestrator.demo;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.OperationStatus;

/**
 * A migration that has switched.
 *
 * @param copyRowsPerSecond see {@link CopyRate}
 */
public record Migration(
    Plan plan, OperationStatus status, CutoverReport cutover, long copyRowsPerSecond) {}
