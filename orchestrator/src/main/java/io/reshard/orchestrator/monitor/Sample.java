package io.reshard.orchestrator.monitor;

import java.time.Instant;

/**
 * Throughput and lag at one moment.
 *
 * @param rowsPerSecond copied and replicated, over the last seconds; null at first
 * @param lagMillis null while nobody knows it
 */
public record Sample(Instant at, Double rowsPerSecond, Long lagMillis) {}
