/**
 * Holds the reads of copy and verification back as the operator asks: bytes per second, readers per
 * shard, and a pause while a query says so. Knows nothing of what is read.
 */
package io.reshard.core.throttle;
