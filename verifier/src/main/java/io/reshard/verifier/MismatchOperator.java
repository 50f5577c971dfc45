package io.reshard.verifier;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Runs a {@link MismatchResolver} as an operator, and finishes it at the end of the input. */
final class MismatchOperator extends AbstractStreamOperator<StepResult>
    implements OneInputStreamOperator<StepAggregates, StepResult>, BoundedOneInput {
  private static final long serialVersionUID = 1L;

  private final Verification verification;
  private transient MismatchResolver resolver;

  MismatchOperator(Verification verification) {
    this.verification = verification;
  }

  @Override
  public void open() throws Exception {
    super.open();
    resolver =
        new MismatchResolver(verification, result -> output.collect(new StreamRecord<>(result)));
  }

  @Override
  public void processElement(StreamRecord<StepAggregates> element) {
    resolver.add(element.getValue());
  }

  @Override
  public void endInput() {
    resolver.finish();
  }

  @Override
  public void close() throws Exception {
    if (resolver != null) {
      resolver.close();
    }
    super.close();
  }
}
