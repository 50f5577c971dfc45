package io.reshard.job.change;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.cdc.connectors.base.source.meta.offset.OffsetFactory;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceRecords;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitState;
import org.apache.flink.cdc.connectors.base.source.metrics.SourceReaderMetrics;
import org.apache.flink.cdc.connectors.base.source.reader.IncrementalSourceRecordEmitter;
import org.apache.flink.cdc.debezium.DebeziumDeserializationSchema;
import org.apache.kafka.connect.source.SourceRecord;

/** Emits batches, and sets the split's position after each. No state is taken inside a batch. */
final class BatchEmitter extends IncrementalSourceRecordEmitter<ChangeEvent> {

  BatchEmitter(
      DebeziumDeserializationSchema<ChangeEvent> deserializer,
      SourceReaderMetrics metrics,
      OffsetFactory offsets) {
    super(deserializer, metrics, false, offsets);
  }

  @Override
  public void emitRecord(
      SourceRecords records, SourceOutput<ChangeEvent> output, SourceSplitState split)
      throws Exception {
    outputCollector.output = output;
    for (SourceRecord record : records.getSourceRecordList()) {
      ChangeBatch batch = (ChangeBatch) record;
      debeziumDeserializationSchema.deserialize(batch, outputCollector);
      split.asStreamSplitState().setStartingOffset(StreamPosition.offset(batch.position()));
      if (!batch.events().isEmpty()) {
        sourceReaderMetrics.recordFetchDelay(System.currentTimeMillis() - batch.commitMillis());
      }
    }
  }
}
