package io.reshard.core.plan;

import java.io.Serializable;

/** A column: its name, its type as {@code format_type} spells it, whether it is generated. */
public record Column(String name, String type, boolean generated) implements Serializable {}
