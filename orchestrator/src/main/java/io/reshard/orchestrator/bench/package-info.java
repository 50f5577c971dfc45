/**
 * Benchmarks side by side with their peers on the same data in the same run; scripts/bench starts
 * them. Knows the test kit, and PostgreSQL's own logical replication as the peer.
 */
package io.reshard.orchestrator.bench;
