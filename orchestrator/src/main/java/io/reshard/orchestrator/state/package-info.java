/**
 * What outlives every process about an operation: its phase, history and error in the control
 * database, and which process drives it. Knows no Flink and no shard.
 */
package io.reshard.orchestrator.state;
