/**
 * What the product makes inside the shards' databases: the schema {@code reshard} with heartbeat,
 * copy progress and epoch, publications and slots, pending shards. Knows no Flink.
 */
package io.reshard.core.shard;
