package io.reshard.orchestrator.demo;

import io.reshard.testkit.WriterReport;

/**
 * All that a demo has to tell.
 *
 * @param writers what the application did, before, during and after the switch
 * @param writesAfterSwitch its transactions under the new topology
 */
public record DemoResult(
    DemoReport report,
    Verdict verdict,
    Migration migration,
    WriterReport writers,
    long writesAfterSwitch) {}
