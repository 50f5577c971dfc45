/**
 * Looks at all operations over and over, for metrics and for the page. Reads the control database
 * alone, and changes nothing.
 */
package io.reshard.orchestrator.monitor;
