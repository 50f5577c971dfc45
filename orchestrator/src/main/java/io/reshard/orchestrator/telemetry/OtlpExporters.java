package io.reshard.orchestrator.telemetry;

import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;

/**
 * Exporters to one collector. The port tells the protocol, as collectors have it: gRPC on 4317,
 * HTTP on any other (OTLP specification, default ports).
 */
final class OtlpExporters {
  private static final int GRPC_PORT = 4317;

  private final String endpoint;
  private final boolean grpc;

  OtlpExporters(String endpoint) {
    this.endpoint = endpoint.replaceFirst("/+$", "");
    this.grpc = URI.create(endpoint).getPort() == GRPC_PORT;
  }

  MetricExporter metrics() {
    return grpc
        ? OtlpGrpcMetricExporter.builder().setEndpoint(endpoint).build()
        : OtlpHttpMetricExporter.builder().setEndpoint(endpoint + "/v1/metrics").build();
  }

  SpanExporter spans() {
    return grpc
        ? OtlpGrpcSpanExporter.builder().setEndpoint(endpoint).build()
        : OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").build();
  }
}
