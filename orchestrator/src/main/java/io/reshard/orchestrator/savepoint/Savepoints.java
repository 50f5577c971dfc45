package io.reshard.orchestrator.savepoint;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.savepoint.SavepointContent;
import io.reshard.core.savepoint.SavepointContent.SourceContent;
import io.reshard.core.savepoint.SavepointInspector;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.flink.JobJars;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Inspects savepoints and retained checkpoints; changes nothing. */
public final class Savepoints {
  private static final Logger LOG = LoggerFactory.getLogger(Savepoints.class);

  private final ControlDatabase control;
  private final Function<Plan, Secrets> logins;

  /**
   * Reads with {@code control} and on the sources.
   *
   * @param logins the logins of a plan's nodes
   */
  public Savepoints(ControlDatabase control, Function<Plan, Secrets> logins) {
    this.control = control;
    this.logins = logins;
  }

  /**
   * Reads a savepoint, and asks each source whether its slot can serve it.
   *
   * @param path the URI of its folder
   * @param plans gives the plan of the operation with an id
   */
  public SavepointReport inspect(String path, Function<String, Plan> plans) {
    SavepointContent content = read(path, plans);
    Plan plan = content.plan();
    Secrets secrets = logins.apply(plan);
    Map<String, CaptureRecord> captures =
        new CaptureRegistry(control, plan.planId())
            .captures().stream()
                .collect(Collectors.toMap(CaptureRecord::source, capture -> capture));
    return new SavepointReport(
        path,
        plan.planId(),
        content.tables(),
        content.sources().stream()
            .map(
                source -> {
                  Topology topology = plan.topologyOf(source.source());
                  Endpoint endpoint = secrets.endpoint(topology, topology.shard(source.source()));
                  return report(source, captures.get(source.source()), endpoint);
                })
            .toList());
  }

  /** The job's classes are in its jar alone, as {@code flink run} would load them. */
  private static SavepointContent read(String path, Function<String, Plan> plans) {
    try (URLClassLoader job =
        new URLClassLoader(
            new URL[] {JobJars.migration().toUri().toURL()}, Savepoints.class.getClassLoader())) {
      return ServiceLoader.load(SavepointInspector.class, job)
          .findFirst()
          .orElseThrow(
              () ->
                  new ReshardingException(
                      ErrorCode.INTERNAL, "the job's jar cannot read savepoints"))
          .inspect(path, plans);
    } catch (IOException e) {
      throw new ReshardingException(ErrorCode.INTERNAL, "cannot load the job's jar", e);
    }
  }

  private static SavepointReport.SourceReport report(
      SourceContent source, CaptureRecord capture, Endpoint endpoint) {
    LogSequenceNumber position = LogSequenceNumber.valueOf(source.position());
    Optional<LogSequenceNumber> slot = Optional.empty();
    SlotVerdict verdict;
    try {
      if (capture != null) {
        slot = ChangeCapture.slotPosition(endpoint, capture.slot());
      }
      verdict = slot.map(stands -> verdict(position, stands)).orElse(SlotVerdict.MISSING);
    } catch (SQLException e) {
      LOG.warn("{} cannot be asked for its slot: {}", endpoint, e.getMessage());
      verdict = SlotVerdict.UNREACHABLE;
    }
    return new SavepointReport.SourceReport(
        source.source(),
        capture == null ? null : capture.slot(),
        source.position() == 0 ? null : position.asString(),
        slot.map(LogSequenceNumber::asString).orElse(null),
        source.heartbeatNumber(),
        verdict);
  }

  /** What the job's change source decides at its start. */
  static SlotVerdict verdict(LogSequenceNumber position, LogSequenceNumber slot) {
    if (position.asLong() == 0) {
      return SlotVerdict.UNKNOWN;
    }
    return slot.compareTo(position) > 0 ? SlotVerdict.AHEAD : SlotVerdict.SERVES;
  }
}
