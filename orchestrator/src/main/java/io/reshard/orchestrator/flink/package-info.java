/**
 * Flink as the orchestrator sees it: submitting job jars, asking for their state, stopping them,
 * and a cluster inside this process for those who run none. Knows neither operations nor phases.
 */
package io.reshard.orchestrator.flink;
