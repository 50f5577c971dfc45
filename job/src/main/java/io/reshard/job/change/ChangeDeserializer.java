package io.reshard.job.change;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.cdc.debezium.DebeziumDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.connect.source.SourceRecord;

/** Takes the events out of the batches. */
final class ChangeDeserializer implements DebeziumDeserializationSchema<ChangeEvent> {

  private static final long serialVersionUID = 1L;

  @Override
  public TypeInformation<ChangeEvent> getProducedType() {
    return TypeInformation.of(ChangeEvent.class);
  }

  @Override
  public void deserialize(SourceRecord record, Collector<ChangeEvent> out) {
    for (ChangeEvent event : ((ChangeBatch) record).events()) {
      out.collect(event);
    }
  }
}
