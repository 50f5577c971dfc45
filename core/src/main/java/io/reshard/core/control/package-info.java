/**
 * The control database: topology versions, the job's registration and progress. Everything that
 * must not be decided twice is decided here by compare-and-set. Knows no Flink.
 */
package io.reshard.core.control;
