package io.reshard.job.copy;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;

/** Hands blocks on and counts what is in them: to Flink a block is one record. */
final class CountingEmitter implements RecordEmitter<CopyBlock, CopyBlock, CopySplit> {
  private final Counter rows;
  private final Counter bytes;

  CountingEmitter(SourceReaderMetricGroup metrics) {
    rows = metrics.counter("rowsRead");
    bytes = metrics.counter("bytesRead");
  }

  @Override
  public void emitRecord(CopyBlock block, SourceOutput<CopyBlock> output, CopySplit split) {
    rows.inc(block.rows);
    bytes.inc(block.tuples.length);
    output.collect(block);
  }
}
