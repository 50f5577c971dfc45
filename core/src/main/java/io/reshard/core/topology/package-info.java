/**
 * What the sharded application looks like: nodes, shards, tables and how keys are routed to shards.
 * Opens no connection and knows no Flink.
 */
package io.reshard.core.topology;
