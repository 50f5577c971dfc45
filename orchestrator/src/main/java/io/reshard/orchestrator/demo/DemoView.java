package io.reshard.orchestrator.demo;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.OperationStatus;
import java.util.function.Supplier;

/** Where the demo tells people what it does. */
public interface DemoView {
  /** Shows one line. */
  void say(String line);

  /** Shows the progress of an operation until it is closed. */
  Progress showProgress(Plan plan, Supplier<OperationStatus> source);

  /** A display that is being kept up to date. */
  interface Progress extends AutoCloseable {
    @Override
    void close();
  }
}
