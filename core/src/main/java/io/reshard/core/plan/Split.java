package io.reshard.core.plan;

import java.io.Serializable;
import java.util.List;

/**
 * A primary-key range of one table on one source: the unit of copy and of verification. The bounds
 * are values of the primary key's columns in text form, lower included and upper excluded; null is
 * open. {@code table} is the table's position in the plan.
 */
public record Split(
    int id, int table, String source, List<String> lower, List<String> upper, long estimatedRows)
    implements Serializable {}
