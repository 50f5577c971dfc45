package io.reshard.core.routing;

import io.reshard.core.topology.KeyRange;

/** A range of the hash space that goes from one shard to another. */
public record RangeMove(String source, String target, KeyRange range) {}
