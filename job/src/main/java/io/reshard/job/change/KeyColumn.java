package io.reshard.job.change;

import java.io.Serializable;

/**
 * A column of a primary key.
 *
 * @param name the column's name as the catalog has it, not quoted
 * @param type the column's type as {@code format_type()} prints it, such as {@code bigint} or
 *     {@code character varying(40)}
 */
public record KeyColumn(String name, String type) implements Serializable {}
