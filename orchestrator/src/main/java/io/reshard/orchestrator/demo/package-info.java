/**
 * A whole sharded system on one machine, and the workflow shown on it: servers, application,
 * writers, migration and an independent verdict. Uses the product as an operator would, and judges
 * it by the test kit alone. Knows nothing of the command line.
 */
package io.reshard.orchestrator.demo;
