package io.reshard.core.control;

import java.time.Instant;

/** The copy does not read from a source. */
public record CopyPause(String source, String reason, Instant since) {}
