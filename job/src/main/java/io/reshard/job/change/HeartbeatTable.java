package io.reshard.job.change;

import java.util.List;
import java.util.function.Consumer;

/** The steps of this operation's heartbeat; those of other operations are passed over. */
final class HeartbeatTable implements Relation {

  static final String SCHEMA = "reshard";
  static final String NAME = "heartbeat";

  private final short source;
  private final String operationId;
  private final int operation;
  private final int number;
  private final int value;

  HeartbeatTable(short source, String operationId, List<String> published) {
    this.source = source;
    this.operationId = operationId;
    this.operation = column(published, "operation_id");
    this.number = column(published, "number");
    this.value = column(published, "value");
  }

  private static int column(List<String> published, String name) {
    int column = published.indexOf(name);
    if (column < 0) {
      throw new ChangeCaptureException(
          ("Column %s of reshard.heartbeat is missing from the stream; the publication must have"
                  + " the whole table")
              .formatted(name));
    }
    return column;
  }

  @Override
  public void changed(Tuple before, Tuple after, long transactionId, Consumer<ChangeEvent> out) {
    if (after != null && operationId.equals(after.text(operation))) {
      out.accept(
          ChangeEvent.ofHeartbeat(
              source,
              transactionId,
              Long.parseLong(after.text(number)),
              Long.parseLong(after.text(value))));
    }
  }

  @Override
  public void truncated(long transactionId) {}
}
