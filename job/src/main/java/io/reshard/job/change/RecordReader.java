package io.reshard.job.change;

import org.apache.flink.util.Collector;
import org.apache.kafka.connect.data.Struct;

/** Turns the connector's records of one table, with one schema, into events. */
@FunctionalInterface
interface RecordReader {

  /** For tables that are not captured. */
  RecordReader PASS_OVER = (operation, record, transactionId, out) -> {};

  /**
   * Emits the events of one record.
   *
   * @param operation Debezium's letter for what happened
   * @param record the record's value
   * @param transactionId the 32-bit id of the changing transaction
   * @param out where the events go
   */
  void read(String operation, Struct record, long transactionId, Collector<ChangeEvent> out);
}
