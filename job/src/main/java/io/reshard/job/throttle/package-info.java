/**
 * Holds the copy's reads back as the operator asks: bytes per second, readers per source, and a
 * pause while a query says so. Knows nothing of what is read.
 */
package io.reshard.job.throttle;
