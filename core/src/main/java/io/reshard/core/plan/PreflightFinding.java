package io.reshard.core.plan;

import java.io.Serializable;

/** The outcome of one check before a migration; {@code remedy} is null where it is ok. */
public record PreflightFinding(String check, String shard, boolean ok, String detail, String remedy)
    implements Serializable {}
