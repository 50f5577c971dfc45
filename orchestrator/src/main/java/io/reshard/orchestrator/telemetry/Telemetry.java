package io.reshard.orchestrator.telemetry;

import com.sun.net.httpserver.HttpHandler;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.SdkMeterProviderBuilder;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SdkTracerProviderBuilder;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.exporter.httpserver.MetricsHandler;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.reshard.orchestrator.config.ReshardConfig;
import io.reshard.orchestrator.monitor.Monitor;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Metrics and traces of this process, for as long as it is open. Thread-safe. */
public final class Telemetry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Telemetry.class);
  private static final String SCOPE = "io.reshard";
  private static final Resource RESOURCE =
      Resource.getDefault()
          .merge(Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "reshard")));

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final OpenTelemetrySdk sdk;
  private Optional<HTTPServer> server = Optional.empty();

  private Telemetry(OpenTelemetrySdk sdk, PrometheusMetricReader reader) {
    this.sdk = sdk;
    registry.register(reader);
  }

  /** Starts to report what {@code monitor} sees, to wherever {@code config} says. */
  public static Telemetry start(ReshardConfig.Telemetry config, Monitor monitor) {
    PrometheusMetricReader reader =
        PrometheusMetricReader.builder()
            .setOtelScopeLabelsEnabled(false)
            .setTargetInfoMetricEnabled(false)
            .build();
    SdkMeterProviderBuilder meters =
        SdkMeterProvider.builder().setResource(RESOURCE).registerMetricReader(reader);
    SdkTracerProviderBuilder tracers = SdkTracerProvider.builder().setResource(RESOURCE);
    if (config.otlpEndpoint() != null) {
      OtlpExporters exporters = new OtlpExporters(config.otlpEndpoint());
      meters.registerMetricReader(PeriodicMetricReader.create(exporters.metrics()));
      tracers.addSpanProcessor(BatchSpanProcessor.builder(exporters.spans()).build());
    }
    Telemetry telemetry =
        new Telemetry(
            OpenTelemetrySdk.builder()
                .setMeterProvider(meters.build())
                .setTracerProvider(tracers.build())
                .build(),
            reader);
    Metrics.register(telemetry.sdk.getMeter(SCOPE), monitor);
    if (config.prometheusPort() != null) {
      telemetry.listen(config.prometheusHost(), config.prometheusPort());
    }
    return telemetry;
  }

  /** Makes the spans. */
  public Tracer tracer() {
    return sdk.getTracer(SCOPE);
  }

  /** Answers with all metrics in Prometheus' text format. */
  public HttpHandler metrics() {
    return new MetricsHandler(registry);
  }

  /** Work is more important than its metrics: a port that is taken is reported, and no error. */
  private void listen(String host, int port) {
    try {
      server =
          Optional.of(
              HTTPServer.builder().hostname(host).port(port).registry(registry).buildAndStart());
    } catch (IOException e) {
      LOG.warn("no metrics on {}:{} (telemetry.prometheusPort): {}", host, port, e.getMessage());
    }
  }

  /** Sends what has not been sent yet. */
  @Override
  public void close() {
    server.ifPresent(HTTPServer::close);
    sdk.close();
  }
}
