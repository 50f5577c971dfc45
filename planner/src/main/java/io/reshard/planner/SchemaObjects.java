package io.reshard.planner;

import java.util.Set;

/**
 * What a table needs before it can be created, each in an order that works.
 *
 * @param schemas names
 * @param extensions names; they must be available on the server
 * @param statements DDL of collations, types and functions
 * @param roles names of roles that own the table or may use it
 * @param unsupported what cannot be created, in words
 * @param unsafeTypes types whose binary form carries OIDs of the local catalog, by their OID
 */
record SchemaObjects(
    Set<String> schemas,
    Set<String> extensions,
    Set<String> statements,
    Set<String> roles,
    Set<String> unsupported,
    Set<Long> unsafeTypes) {}
