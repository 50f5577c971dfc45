package io.reshard.orchestrator.phase;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The spans of one run of a driver: {@code resharding.execution}, and in it a {@code
 * resharding.phase} for every phase that it carried out. An operation that was interrupted has as
 * many executions as drivers.
 */
final class ExecutionTrace {
  private final Tracer tracer;
  private final Context execution;
  private final String id;

  private ExecutionTrace(Tracer tracer, Span execution, String id) {
    this.tracer = tracer;
    this.execution = Context.root().with(execution);
    this.id = id;
  }

  /** Runs {@code work} in an execution's span; the span ends with the phase that it returns. */
  static Operation of(Tracer tracer, Plan plan, Function<ExecutionTrace, Operation> work) {
    Span span =
        tracer
            .spanBuilder("resharding.execution")
            .setAttribute(Tags.ID, plan.planId())
            .setAttribute(Tags.STEP_COUNT, (long) plan.steps().size())
            .setAttribute(Tags.ESTIMATED_ROWS, plan.totalRows())
            .startSpan();
    return during(
        span,
        () -> {
          Operation operation = work.apply(new ExecutionTrace(tracer, span, plan.planId()));
          span.setAttribute(Tags.PHASE, operation.phase().name());
          return operation;
        });
  }

  /** Runs {@code work} in a phase's span. */
  void phase(Phase phase, Runnable work) {
    Span span =
        tracer
            .spanBuilder("resharding.phase")
            .setParent(execution)
            .setAttribute(Tags.ID, id)
            .setAttribute(Tags.PHASE, phase.name())
            .startSpan();
    during(
        span,
        () -> {
          work.run();
          return phase;
        });
  }

  private static <T> T during(Span span, Supplier<T> work) {
    long start = System.nanoTime();
    try {
      T result = work.get();
      span.setStatus(StatusCode.OK);
      return result;
    } catch (RuntimeException e) {
      span.setStatus(StatusCode.ERROR, String.valueOf(e.getMessage()));
      span.setAttribute(Tags.ERROR, Failures.coded(e).errorCode().code());
      throw e;
    } finally {
      span.setAttribute(Tags.DURATION_MS, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
      span.end();
    }
  }
}
