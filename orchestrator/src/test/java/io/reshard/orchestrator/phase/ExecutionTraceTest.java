package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExecutionTraceTest {
  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final Tracer tracer =
      SdkTracerProvider.builder()
          .addSpanProcessor(SimpleSpanProcessor.create(exporter))
          .build()
          .get("test");
  private final Plan plan = SmallPlans.plan("op-1", 1);

  private static Operation in(Phase phase) {
    return new Operation(
        "op-1", phase, null, null, null, null, null, null, Instant.EPOCH, Instant.EPOCH, 0, 1);
  }

  private static Object attribute(SpanData span, String name) {
    return span.getAttributes().asMap().entrySet().stream()
        .filter(one -> one.getKey().getKey().equals("resharding." + name))
        .map(java.util.Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  @Test
  void tellsPhasesWithinTheirExecution() {
    ExecutionTrace.of(
        tracer,
        plan,
        trace -> {
          trace.phase(Phase.PLANNING, () -> {});
          trace.phase(Phase.COPYING, () -> {});
          return in(Phase.COPYING);
        });
    List<SpanData> spans = exporter.getFinishedSpanItems();
    assertThat(spans)
        .extracting(SpanData::getName)
        .containsExactly("resharding.phase", "resharding.phase", "resharding.execution");
    SpanData execution = spans.get(2);
    assertThat(attribute(execution, "id")).isEqualTo("op-1");
    assertThat(attribute(execution, "step_count")).isEqualTo(1L);
    assertThat(attribute(execution, "estimated_rows")).isEqualTo(100L);
    assertThat(attribute(execution, "phase")).isEqualTo("COPYING");
    assertThat(execution.getAttributes().get(AttributeKey.longKey("resharding.duration_ms")))
        .isNotNegative();
    assertThat(execution.getStatus().getStatusCode()).isEqualTo(StatusCode.OK);
    assertThat(attribute(spans.get(1), "phase")).isEqualTo("COPYING");
    assertThat(spans.subList(0, 2))
        .allMatch(span -> span.getParentSpanId().equals(execution.getSpanId()));
  }

  @Test
  void carriesTheErrorsCode() {
    assertThatThrownBy(
            () ->
                ExecutionTrace.of(
                    tracer,
                    plan,
                    trace -> {
                      trace.phase(
                          Phase.COPYING,
                          () -> {
                            throw new ReshardingException(ErrorCode.KEY_COLLISION, "two owners");
                          });
                      return in(Phase.COPYING);
                    }))
        .hasMessage("two owners");
    assertThat(exporter.getFinishedSpanItems())
        .hasSize(2)
        .allMatch(span -> span.getStatus().getStatusCode() == StatusCode.ERROR)
        .allMatch(span -> "resharding.key_collision".equals(attribute(span, "error")));
  }
}
