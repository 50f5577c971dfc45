package io.reshard.job.change;

import org.apache.flink.cdc.connectors.base.source.meta.offset.OffsetFactory;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitSerializer;

/**
 * The connector's split serializer, in the connector's own versioned format, with offsets rewound
 * as they are read. All splits come through here: those restored from state, and new ones on their
 * way from the enumerator to the reader.
 */
final class RewindingSplitSerializer extends SourceSplitSerializer {

  private static final long serialVersionUID = 1L;

  private final RewindingOffsetFactory offsets = new RewindingOffsetFactory();

  @Override
  public OffsetFactory getOffsetFactory() {
    return offsets;
  }
}
