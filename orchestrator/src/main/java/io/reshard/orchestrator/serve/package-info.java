/**
 * The process that stays: it drives operations that wait, and shows over HTTP how they are. Decides
 * nothing itself about phases and errors.
 */
package io.reshard.orchestrator.serve;
