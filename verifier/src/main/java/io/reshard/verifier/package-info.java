/**
 * The verification job, a Flink batch job: counts and checksums of both sides are computed inside
 * the databases and compared; what differs is traced to keys, and a key that differs only because
 * its change is still on its way is told from one that is wrong. Knows the migration job only by
 * what it reports to the control database.
 */
package io.reshard.verifier;
