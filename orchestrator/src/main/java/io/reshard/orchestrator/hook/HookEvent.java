package io.reshard.orchestrator.hook;

import io.reshard.orchestrator.state.Phase;

/**
 * What a callback or a gate is told.
 *
 * @param phase the completed one, or CUTTING_OVER for the gate
 * @param statusJson the operation's status, as {@code reshard status --json} prints it
 */
public record HookEvent(String operationId, Phase phase, String statusJson) {}
