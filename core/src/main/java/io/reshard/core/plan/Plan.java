package io.reshard.core.plan;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.ReferenceRouting;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.routing.TableRouting;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A whole migration. Its id is also the id of the operation that executes it. {@code schema} holds
 * DDL that new shards need before their tables (schemas, types, sequences). Nothing in it depends
 * on when or how fast it was made, so the same shards give the same plan. Immutable.
 *
 * <p>Shards and tables are numbered: a shard by its position in {@link #shardIds()}, a table by its
 * position in {@link #tables()}. These ordinals stand for them in the data path.
 */
public record Plan(
    int format,
    String planId,
    Topology source,
    Topology target,
    List<String> schema,
    List<PlannedTable> tables,
    List<MigrationStep> steps,
    List<Split> splits,
    long totalRows,
    long totalBytes,
    List<PreflightFinding> preflight)
    implements Serializable {
  /** The format that this version writes and reads. */
  public static final int FORMAT = 2;

  private static final String REVERSE = "-back";

  /** Every shard that is given up must hear of changes of reference tables, from one source. */
  private List<MigrationStep> stepsBack() {
    List<MigrationStep> back =
        new ArrayList<>(steps.stream().map(MigrationStep::reversed).toList());
    if (tables.stream().anyMatch(PlannedTable::isReference)) {
      String reader = Collections.min(targets());
      Set<String> reached =
          back.stream()
              .filter(step -> step.source().equals(reader))
              .map(MigrationStep::target)
              .collect(Collectors.toSet());
      sources().stream()
          .filter(shardId -> !target.owns(shardId) && !reached.contains(shardId))
          .map(shardId -> new MigrationStep(reader, shardId, "reference tables", 0, 0))
          .forEach(back::add);
    }
    return List.copyOf(back);
  }

  /** The same plan under another id. */
  public Plan withId(String id) {
    return new Plan(
        format,
        id,
        source,
        target,
        schema,
        tables,
        steps,
        splits,
        totalRows,
        totalBytes,
        preflight);
  }

  /** The same plan for those who do not need the splits, which can be many. */
  public Plan withoutSplits() {
    return new Plan(
        format,
        planId,
        source,
        target,
        schema,
        tables,
        steps,
        List.of(),
        totalRows,
        totalBytes,
        preflight);
  }

  /**
   * The way back after the switch: change capture alone, from the new shards to the old ones, then
   * a cutover to the old topology under the version after the next. Everything that is keyed by a
   * plan's id is separate for it, since the id is another one.
   */
  public Plan reversed() {
    if (isReverse()) {
      throw new IllegalStateException("plan " + planId + " is a reverse plan already");
    }
    return new Plan(
        format,
        planId + REVERSE,
        target,
        source.withVersion(target.version() + 1),
        List.of(),
        tables,
        stepsBack(),
        List.of(),
        0,
        0,
        List.of());
  }

  /** Whether this is the way back of an operation that has switched. */
  @JsonIgnore
  public boolean isReverse() {
    return planId.endsWith(REVERSE);
  }

  /** The id of the operation; of a reverse plan, of the operation that it takes back. */
  @JsonIgnore
  public String forwardId() {
    return forwardId(planId);
  }

  /** The id of the operation that {@code planId} or its way back belongs to. */
  public static String forwardId(String planId) {
    return planId.endsWith(REVERSE)
        ? planId.substring(0, planId.length() - REVERSE.length())
        : planId;
  }

  /** Every shard of either topology: those of the old one first. */
  @JsonIgnore
  public List<String> shardIds() {
    return Stream.concat(source.shards().stream(), target.shards().stream())
        .map(Shard::id)
        .distinct()
        .toList();
  }

  public int shardOrdinal(String shardId) {
    return shardIds().indexOf(shardId);
  }

  /** The shards that rows are read from, each once, in the order of the steps. */
  @JsonIgnore
  public List<String> sources() {
    return steps.stream().map(MigrationStep::source).distinct().toList();
  }

  /** The shards that rows are written to, each once, in the order of the steps. */
  @JsonIgnore
  public List<String> targets() {
    return steps.stream().map(MigrationStep::target).distinct().toList();
  }

  /** The targets of the steps that start at {@code sourceShard}. */
  public List<String> targetsOf(String sourceShard) {
    return steps.stream()
        .filter(step -> step.source().equals(sourceShard))
        .map(MigrationStep::target)
        .toList();
  }

  /**
   * Whether {@code shardId} exists only under the new topology, so that it starts empty. On the way
   * back no shard does: a retired one still holds its rows.
   */
  public boolean isNew(String shardId) {
    return !isReverse() && !source.owns(shardId);
  }

  /** The targets that start empty. */
  public List<String> newShards() {
    return targets().stream().filter(this::isNew).toList();
  }

  /** The shard as the topology has it that knows its database: the old one first. */
  public Topology topologyOf(String shardId) {
    return source.findShard(shardId).isPresent() ? source : target;
  }

  /** Where {@code shardId} is, and how to log in. */
  public Endpoint endpoint(String shardId, Secrets secrets) {
    Topology topology = topologyOf(shardId);
    return secrets.endpoint(topology, topology.shard(shardId));
  }

  /** The replica that {@code shardId} may be read from instead, if there is one. */
  public Optional<Endpoint> replica(String shardId, Secrets secrets) {
    Topology topology = topologyOf(shardId);
    return secrets.replica(topology, topology.shard(shardId));
  }

  /** The source that reference tables are read from: the one whose id sorts first. */
  @JsonIgnore
  public String referenceSource() {
    return Collections.min(sources());
  }

  /** Ownership under the old topology, over the shard key of {@code table} behind {@code alias}. */
  public TableRouting oldRouting(PlannedTable table, String alias) {
    return table.isReference()
        ? new ReferenceRouting(List.of(referenceSource()))
        : routing(source, table, alias);
  }

  /** Ownership under the new topology, over the shard key of {@code table} behind {@code alias}. */
  public TableRouting newRouting(PlannedTable table, String alias) {
    return table.isReference()
        ? new ReferenceRouting(targets().stream().filter(shard -> !source.owns(shard)).toList())
        : routing(target, table, alias);
  }

  private static RoutingSql routing(Topology topology, PlannedTable table, String alias) {
    String column = alias + "." + Sql.identifier(table.shardKey());
    Topology view = topology.viewOf(topology.rule(table.schema(), table.name()));
    return new RoutingSql(view, column, table.typeOf(table.shardKey()));
  }

  /**
   * A boolean expression over a row on {@code targetShard}: this operation has brought it there
   * from {@code sourceShard}.
   */
  public String movedIn(PlannedTable table, String alias, String sourceShard, String targetShard) {
    String fromSource = oldRouting(table, alias).ownedBy(sourceShard);
    return table.isReference()
        ? fromSource + " AND " + newRouting(table, alias).ownedBy(targetShard)
        : fromSource;
  }
}
