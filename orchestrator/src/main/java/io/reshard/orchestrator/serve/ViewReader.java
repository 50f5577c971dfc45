package io.reshard.orchestrator.serve;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.ShardRecord;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.monitor.Monitor;
import io.reshard.orchestrator.monitor.Picture;
import io.reshard.orchestrator.monitor.Picture.Observed;
import io.reshard.orchestrator.phase.Hindrances;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.DriverLock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Puts together what the page shows. Thread-safe. */
final class ViewReader {
  private static final int LISTED = 50;

  private final ControlDatabase control;
  private final Monitor monitor;
  private final StatusReader statuses;
  private final TopologyStore topologies;
  private final Hindrances hindrances;

  ViewReader(ControlDatabase control, Monitor monitor, ReshardingOptions options) {
    this.control = control;
    this.monitor = monitor;
    this.statuses = new StatusReader(control);
    this.topologies = new TopologyStore(control);
    this.hindrances = new Hindrances(control, options);
  }

  /** The newest operation in full, or the one called {@code wanted}. */
  View read(Optional<String> wanted) {
    Picture picture = monitor.picture();
    Optional<Observed> shown =
        wanted
            .flatMap(
                id ->
                    picture.operations().stream()
                        .filter(one -> one.operation().id().equals(id))
                        .findFirst())
            .or(() -> picture.operations().stream().findFirst());
    Optional<Plan> plan = shown.map(one -> statuses.plan(one.operation().id()));
    Optional<Topology> active = topologies.findActive();
    return new View(
        Instant.now(),
        picture.takenAt(),
        active.map(Topology::version).orElse(0L),
        shards(plan.map(Plan::source).or(() -> active), plan.map(Plan::target).or(() -> active)),
        picture.operations().stream().limit(LISTED).map(ViewReader::line).toList(),
        shown.map(one -> shown(one, plan.orElseThrow())).orElse(null));
  }

  private static View.Line line(Observed one) {
    return new View.Line(
        one.operation().id(),
        one.operation().phase(),
        one.operation().startedAt(),
        one.status().overallPercentComplete());
  }

  private View.Shown shown(Observed one, Plan plan) {
    String id = one.operation().id();
    return new View.Shown(
        one.status(),
        plan.steps(),
        plan.totalRows(),
        plan.totalBytes(),
        monitor.rowsPerSecond(id),
        hindrances.find(one.operation(), one.status()).orElse(null),
        DriverLock.holder(control, id).orElse(null),
        monitor.samples(id));
  }

  private List<View.ShardView> shards(Optional<Topology> before, Optional<Topology> after) {
    List<ShardRecord> records = topologies.shards();
    return Stream.concat(
            Stream.of(before, after)
                .flatMap(Optional::stream)
                .flatMap(topology -> topology.shards().stream())
                .map(Shard::id),
            records.stream().map(ShardRecord::shardId))
        .distinct()
        .sorted()
        .map(id -> shard(id, records, find(before, id), find(after, id)))
        .toList();
  }

  private static Optional<Shard> find(Optional<Topology> topology, String id) {
    return topology.flatMap(one -> one.findShard(id));
  }

  private static View.ShardView shard(
      String id, List<ShardRecord> records, Optional<Shard> before, Optional<Shard> after) {
    Optional<ShardRecord> known =
        records.stream().filter(one -> one.shardId().equals(id)).findFirst();
    return new View.ShardView(
        id,
        before.or(() -> after).map(Shard::node).orElse(null),
        known.map(ShardRecord::status).orElse(ShardStatus.PENDING),
        known.map(ShardRecord::reason).orElse(null),
        before.map(Shard::ownership).orElse(null),
        after.map(Shard::ownership).orElse(null));
  }
}
