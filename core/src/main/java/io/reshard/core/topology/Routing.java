package io.reshard.core.topology;

import java.io.Serializable;

/** The routing rule of a topology: strategy and hash function, both required. */
public record Routing(RoutingStrategy strategy, HashFunction function) implements Serializable {}
