/** Changed keys are read again from their source and merged into their targets. */
package io.reshard.job.apply;
