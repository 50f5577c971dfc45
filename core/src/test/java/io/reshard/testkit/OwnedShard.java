package io.reshard.testkit;

/**
 * A shard, and the rows that it owns under one topology.
 *
 * @param ownership SQL predicate on the column {@code customer_id}; see {@link ReferenceHash}
 */
public record OwnedShard(String id, ConnectionSource connections, String ownership) {}
