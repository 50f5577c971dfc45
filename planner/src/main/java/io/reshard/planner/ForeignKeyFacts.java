package io.reshard.planner;

import io.reshard.core.plan.IndexDefinition;

/** A foreign key, and the table at its other end as an operator writes it. */
record ForeignKeyFacts(IndexDefinition definition, String otherTable) {}
