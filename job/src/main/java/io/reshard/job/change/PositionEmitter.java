package io.reshard.job.change;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.base.source.meta.offset.OffsetFactory;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceRecords;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitState;
import org.apache.flink.cdc.connectors.base.source.metrics.SourceReaderMetrics;
import org.apache.flink.cdc.connectors.base.source.reader.IncrementalSourceRecordEmitter;
import org.apache.flink.cdc.debezium.DebeziumDeserializationSchema;

/** Emits the connector's batches, and carries the stream's position from one to the next. */
final class PositionEmitter extends IncrementalSourceRecordEmitter<ChangeEvent> {

  PositionEmitter(
      DebeziumDeserializationSchema<ChangeEvent> deserializer,
      SourceReaderMetrics metrics,
      OffsetFactory offsets) {
    super(deserializer, metrics, false, offsets);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // The connector sets a new object with every record.
  public void emitRecord(
      SourceRecords batch, SourceOutput<ChangeEvent> output, SourceSplitState split)
      throws Exception {
    Offset before = split.asStreamSplitState().getStartingOffset();
    super.emitRecord(batch, output, split);
    Offset after = split.asStreamSplitState().getStartingOffset();
    if (after != before) {
      split.asStreamSplitState().setStartingOffset(StreamPosition.carry(before, after));
    }
  }
}
