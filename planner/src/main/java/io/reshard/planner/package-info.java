/**
 * Turns the difference of two topologies into a plan: migration steps, key-range splits, estimates,
 * the DDL of new shards and the preflight report. Only reads from the shards; knows no Flink.
 */
package io.reshard.planner;
