package io.reshard.core.control;

import java.io.Serializable;

/**
 * What the change capture of one source consists of. {@code heartbeatNumber} is the number at the
 * slot's creation, null until the slot stands.
 */
public record CaptureRecord(String source, String publication, String slot, Long heartbeatNumber)
    implements Serializable {}
