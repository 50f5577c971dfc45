/**
 * The bulk copy: splits are read by COPY, cut into blocks by target, written in one transaction per
 * split and target, and counted; then the indexes are built.
 */
package io.reshard.job.copy;
