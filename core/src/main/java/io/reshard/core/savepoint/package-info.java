/**
 * What a savepoint of the migration job says to those who do not know the job's state. Knows no
 * Flink.
 */
package io.reshard.core.savepoint;
