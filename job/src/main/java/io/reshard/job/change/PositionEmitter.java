package io.reshard.job.change;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.base.source.meta.offset.OffsetFactory;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceRecords;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitState;
import org.apache.flink.cdc.connectors.base.source.metrics.SourceReaderMetrics;
import org.apache.flink.cdc.connectors.base.source.reader.IncrementalSourceRecordEmitter;
import org.apache.flink.cdc.connectors.base.utils.SourceRecordUtils;
import org.apache.flink.cdc.debezium.DebeziumDeserializationSchema;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Emits the connector's batches, and carries the stream's position from one to the next. A state is
 * never taken inside a batch, so its last change's position is worked out and no other: the
 * connector does it for each, which made a fourth of a profile.
 */
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
    SourceRecord last = null;
    for (SourceRecord record : batch.getSourceRecordList()) {
      if (SourceRecordUtils.isDataChangeRecord(record)) {
        emitElement(record, output);
        last = record;
      } else {
        moveTo(last, split);
        last = null;
        processElement(record, output, split);
      }
    }
    moveTo(last, split);
    Offset after = split.asStreamSplitState().getStartingOffset();
    if (after != before) {
      split.asStreamSplitState().setStartingOffset(StreamPosition.carry(before, after));
    }
  }

  private void moveTo(SourceRecord change, SourceSplitState split) {
    if (change != null) {
      split.asStreamSplitState().setStartingOffset(getOffsetPosition(change));
      reportMetrics(change);
    }
  }
}
