package io.reshard.core.routing;

import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Shard;

/** A range of the hash space and the shard that has it. */
public record OwnedRange(KeyRange range, Shard owner) {}
