/**
 * The operator's settings: reshard.yaml, its defaults and its rules. Opens no connection and knows
 * neither operations nor Flink.
 */
package io.reshard.orchestrator.config;
