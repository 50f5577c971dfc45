/**
 * Which shard owns a key: in Java ({@link io.reshard.core.routing.Router}) and as SQL ({@link
 * io.reshard.core.routing.RoutingSql}), in exact agreement. No I/O.
 */
package io.reshard.core.routing;
