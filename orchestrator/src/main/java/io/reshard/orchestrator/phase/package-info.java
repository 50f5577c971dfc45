/**
 * The phases of an operation and what drives it through them. Decides what happens next and when an
 * error ends an operation; knows nothing of command lines and terminals.
 */
package io.reshard.orchestrator.phase;
