package io.reshard.core.control;

import io.reshard.core.topology.ShardStatus;
import java.time.Instant;

/** The recorded status of a shard; {@code reason} is null unless it failed. */
public record ShardRecord(
    String shardId, ShardStatus status, String reason, Instant createdAt, Instant updatedAt) {}
