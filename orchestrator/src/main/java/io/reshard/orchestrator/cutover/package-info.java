/**
 * The switch from the old topology to the new one: gate, fence, drain, revoke, prepare, switch,
 * release, and its undoing. Talks to the shards and to the control database; knows no Flink.
 */
package io.reshard.orchestrator.cutover;
