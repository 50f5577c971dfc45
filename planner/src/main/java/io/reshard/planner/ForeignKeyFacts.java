package io.reshard.planner;

import io.reshard.core.plan.IndexDefinition;

/**
 * A foreign key.
 *
 * @param definition how it is added without looking at the rows, and its comment
 * @param otherTable the table at its other end as an operator writes it
 * @param valid whether the server knows that every row keeps it
 */
record ForeignKeyFacts(IndexDefinition definition, String otherTable, boolean valid) {}
