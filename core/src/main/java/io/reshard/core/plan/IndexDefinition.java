package io.reshard.core.plan;

import java.io.Serializable;

/**
 * Something that is built on a target after its copy: an index, or a constraint that brings one.
 * {@code statement} is the whole DDL, {@code name} the index or constraint that it makes.
 */
public record IndexDefinition(String name, String statement) implements Serializable {}
