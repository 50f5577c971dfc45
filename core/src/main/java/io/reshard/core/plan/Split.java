package io.reshard.core.plan;

import java.io.Serializable;
import java.util.List;

/**
 * A primary-key range of one table on one source: the unit of copy and of verification. A bound is
 * a prefix of the primary key: the values of its leading columns, or of all, in text form; rows are
 * compared on these columns only. The lower bound is included, the upper excluded; null is open.
 * {@code table} is the table's position in the plan. {@link SplitSql} has the SQL.
 */
public record Split(
    int id, int table, String source, List<String> lower, List<String> upper, long estimatedRows)
    implements Serializable {}
