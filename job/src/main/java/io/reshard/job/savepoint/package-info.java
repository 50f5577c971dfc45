/**
 * Reads the job's state out of savepoints, with Flink's State Processor API. Not part of the
 * running job: a cluster does not have that library.
 */
package io.reshard.job.savepoint;
