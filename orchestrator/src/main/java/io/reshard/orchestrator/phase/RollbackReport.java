package io.reshard.orchestrator.phase;

import java.util.List;

/** What a rollback did, as {@code rollback --json} writes it. */
public record RollbackReport(boolean rolledBack, long topologyVersion, List<String> removed) {}
