/**
 * Metrics and traces by OpenTelemetry: what is measured, and where it goes. Knows what the monitor
 * saw, and nothing of databases.
 */
package io.reshard.orchestrator.telemetry;
