package io.reshard.orchestrator.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableDoubleMeasurement;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import io.reshard.orchestrator.monitor.Monitor;
import io.reshard.orchestrator.monitor.Picture;
import io.reshard.orchestrator.monitor.Picture.Observed;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.OperationStatus.PhasePassage;
import io.reshard.orchestrator.phase.Tags;
import io.reshard.orchestrator.state.Phase;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The metrics. All of them come from what is stored: a process that starts again reports the same
 * numbers, those of passages that it never saw included.
 */
final class Metrics {
  private static final List<Long> PHASE_BUCKETS =
      List.of(100L, 1_000L, 10_000L, 60_000L, 600_000L, 3_600_000L, 21_600_000L, 86_400_000L);
  private static final List<Long> CUTOVER_BUCKETS =
      List.of(50L, 100L, 200L, 300L, 500L, 1_000L, 2_000L, 5_000L, 10_000L, 30_000L);

  private final LongHistogram phaseDurations;
  private final LongHistogram cutoverDurations;
  private final Set<Object> recorded = new HashSet<>();

  private Metrics(Meter meter) {
    phaseDurations =
        meter
            .histogramBuilder("resharding.phase_duration_ms")
            .ofLongs()
            .setDescription("Milliseconds from entering a phase to leaving it")
            .setExplicitBucketBoundariesAdvice(PHASE_BUCKETS)
            .build();
    cutoverDurations =
        meter
            .histogramBuilder("resharding.cutover_duration_ms")
            .ofLongs()
            .setDescription("Milliseconds for which a switch refused writes")
            .setExplicitBucketBoundariesAdvice(CUTOVER_BUCKETS)
            .build();
  }

  /** Makes the instruments, and keeps them up to date with what {@code monitor} sees. */
  static void register(Meter meter, Monitor monitor) {
    Supplier<Picture> picture = monitor::picture;
    meter
        .counterBuilder("resharding.rows_copied_total")
        .setDescription("Rows that the copy has committed on their targets")
        .buildWithCallback(measurement -> observeCopied(picture.get(), measurement));
    meter
        .counterBuilder("resharding.verification_mismatches_total")
        .setDescription("Keys that verifications found different")
        .buildWithCallback(
            measurement ->
                picture
                    .get()
                    .mismatches()
                    .forEach((id, keys) -> measurement.record(keys, Attributes.of(Tags.ID, id))));
    meter
        .gaugeBuilder("resharding.rows_per_second")
        .setDescription("Rows copied and replicated per second, over the last ten seconds")
        .buildWithCallback(measurement -> observeRate(monitor, measurement));
    meter
        .gaugeBuilder("resharding.cdc_lag_ms")
        .ofLongs()
        .setDescription("How far the targets are behind the sources")
        .buildWithCallback(measurement -> observeLag(picture.get(), measurement));
    meter
        .gaugeBuilder("resharding.active_resharding_count")
        .ofLongs()
        .setDescription("Operations that are not over")
        .buildWithCallback(
            measurement -> measurement.record(picture.get().active().isPresent() ? 1 : 0));
    meter
        .gaugeBuilder("resharding.trouble")
        .ofLongs()
        .setDescription("1 for an operation that retries, has failed, or has left something behind")
        .buildWithCallback(measurement -> observeTrouble(picture.get(), measurement));
    monitor.subscribe(new Metrics(meter)::record);
  }

  /** Records what ended since the last picture. Called by one thread. */
  private void record(Picture picture) {
    for (Observed one : picture.operations()) {
      one.status().history().stream()
          .filter(passage -> !passage.phase().terminal() && passage.durationMillis() != null)
          .forEach(passage -> record(one.operation().id(), passage));
    }
    picture.windows().stream()
        .filter(recorded::add)
        .forEach(
            window ->
                cutoverDurations.record(
                    window.readOnlyMillis(), Attributes.of(Tags.ID, window.operationId())));
  }

  private record Recorded(String id, PhasePassage passage) {}

  private void record(String id, PhasePassage passage) {
    if (recorded.add(new Recorded(id, passage))) {
      phaseDurations.record(
          passage.durationMillis(), Attributes.of(Tags.ID, id, Tags.PHASE, passage.phase().name()));
    }
  }

  private static void observeCopied(Picture picture, ObservableLongMeasurement measurement) {
    Map<String, Long> perStep = new HashMap<>();
    picture.operations().stream()
        .flatMap(one -> one.status().steps().stream())
        .forEach(step -> perStep.merge(step.step(), step.rowsCopied(), Long::sum));
    perStep.forEach(
        (step, rows) -> {
          String[] shards = step.split("->", 2);
          measurement.record(
              rows, Attributes.of(Tags.SOURCE_SHARD, shards[0], Tags.TARGET_SHARD, shards[1]));
        });
  }

  private static void observeRate(Monitor monitor, ObservableDoubleMeasurement measurement) {
    measurement.record(
        monitor
            .picture()
            .active()
            .map(one -> monitor.rowsPerSecond(one.operation().id()))
            .orElse(0.0));
  }

  private static void observeLag(Picture picture, ObservableLongMeasurement measurement) {
    picture
        .active()
        .map(Observed::status)
        .map(OperationStatus::lagMillis)
        .ifPresent(measurement::record);
  }

  /** What an alert asks for: a rolled back operation keeps no error. */
  private static void observeTrouble(Picture picture, ObservableLongMeasurement measurement) {
    for (Observed one : picture.operations()) {
      if (one.operation().error() != null && one.operation().phase() != Phase.ROLLED_BACK) {
        measurement.record(
            1,
            Attributes.of(
                Tags.ID,
                one.operation().id(),
                Tags.PHASE,
                one.operation().phase().name(),
                Tags.ERROR,
                one.operation().error().code()));
      }
    }
  }
}
