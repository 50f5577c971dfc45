package io.reshard.job.change;

import java.util.IdentityHashMap;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.cdc.debezium.DebeziumDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/** Makes events out of the connector's records. */
final class ChangeDeserializer implements DebeziumDeserializationSchema<ChangeEvent> {

  private static final long serialVersionUID = 1L;

  /** Schemas are made anew whenever a table's definition is sent; old ones are let go. */
  private static final int SCHEMAS_PER_TABLE = 4;

  private static final long MAX_TRANSACTION_ID = 0xFFFF_FFFFL;

  private final ChangeSourceSettings settings;

  /** By identity: a schema's own equality walks through all its columns. */
  private transient IdentityHashMap<Schema, RecordReader> readers;

  ChangeDeserializer(ChangeSourceSettings settings) {
    this.settings = settings;
  }

  @Override
  public TypeInformation<ChangeEvent> getProducedType() {
    return TypeInformation.of(ChangeEvent.class);
  }

  @Override
  public void deserialize(SourceRecord record, Collector<ChangeEvent> out) {
    Struct value = (Struct) record.value();
    RecordReader reader = reader(record.valueSchema(), value);
    if (reader != RecordReader.PASS_OVER) {
      reader.read(value.getString("op"), value, transactionId(value), out);
    }
  }

  private RecordReader reader(Schema schema, Struct value) {
    if (readers == null) {
      readers = new IdentityHashMap<>();
    }
    RecordReader reader = readers.get(schema);
    if (reader == null) {
      if (readers.size() > SCHEMAS_PER_TABLE * (settings.tables().size() + 1)) {
        readers.clear();
      }
      reader = newReader(schema, value);
      readers.put(schema, reader);
    }
    return reader;
  }

  private RecordReader newReader(Schema schema, Struct value) {
    if (schema.field("before") == null || schema.field("after") == null) {
      // A message of pg_logical_emit_message.
      return RecordReader.PASS_OVER;
    }
    Struct origin = value.getStruct("source");
    String schemaName = origin.getString("schema");
    String tableName = origin.getString("table");
    if (schemaName.equals(ConnectorSettings.HEARTBEAT_SCHEMA)
        && tableName.equals(ConnectorSettings.HEARTBEAT_TABLE)) {
      return new HeartbeatRecordReader(settings.source(), settings.operationId(), schema);
    }
    for (CapturedTable table : settings.tables()) {
      if (ConnectorNames.onTheWire(table.schema()).equals(schemaName)
          && ConnectorNames.onTheWire(table.table()).equals(tableName)) {
        return new TableRecordReader(settings.source(), table, schema);
      }
    }
    return RecordReader.PASS_OVER;
  }

  private static long transactionId(Struct value) {
    Long transactionId = value.getStruct("source").getInt64("txId");
    if (transactionId == null) {
      throw new ChangeCaptureException("A record lacks its transaction: " + value);
    }
    return transactionId & MAX_TRANSACTION_ID;
  }
}
