package io.reshard.job.copy;

import io.reshard.core.plan.Split;
import org.apache.flink.api.connector.source.SourceSplit;

/** A split of the plan as Flink assigns it. */
record CopySplit(Split split) implements SourceSplit {
  @Override
  public String splitId() {
    return Integer.toString(split.id());
  }
}
