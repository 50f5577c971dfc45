/**
 * A whole sharded system to test against: servers, application, writers, and the end comparison.
 */
package io.reshard.orchestrator.live;
