package io.reshard.orchestrator.cli;

import io.reshard.core.control.ShardRecord;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.core.topology.TopologyFile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reshard topology init|show}. */
@Command(name = "topology", description = "Registers the first topology, or shows the active one.")
final class TopologyCommand implements Runnable {
  @Spec CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  boolean help;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "say 'init' or 'show'");
  }

  @Command(name = "init", description = "Registers the first topology as active.")
  int init(
      @Mixin CommonOptions common,
      @Option(
              names = "--topology",
              required = true,
              paramLabel = "FILE",
              description = "The topology, YAML or JSON.")
          Path file) {
    Topology topology = TopologyFile.read(file);
    try (Session session = common.open()) {
      session.topologies().initialize(topology);
      common.print(view(session), text(session));
    }
    return ExitCode.OK;
  }

  @Command(name = "show", description = "Shows the active topology, with every shard's status.")
  int show(@Mixin CommonOptions common) {
    try (Session session = common.open()) {
      common.print(view(session), text(session));
    }
    return ExitCode.OK;
  }

  /** The document of {@code topology show --json}. */
  record TopologyView(
      long version, Routing routing, List<ShardView> shards, List<TableRule> tables) {}

  /** A shard of it; node, database and ownership are null for one that is not part of it yet. */
  record ShardView(
      String id,
      String node,
      String database,
      ShardStatus status,
      String ownership,
      String reason,
      Instant createdAt,
      Instant updatedAt) {}

  private static TopologyView view(Session session) {
    Topology topology = session.topologies().active();
    List<ShardView> shards = new ArrayList<>();
    for (ShardRecord record : session.topologies().shards()) {
      Shard shard = topology.findShard(record.shardId()).orElse(null);
      shards.add(
          new ShardView(
              record.shardId(),
              shard == null ? null : shard.node(),
              shard == null ? null : shard.database(),
              record.status(),
              shard == null ? null : shard.ownership(),
              record.reason(),
              record.createdAt(),
              record.updatedAt()));
    }
    return new TopologyView(topology.version(), topology.routing(), shards, topology.tables());
  }

  private static String text(Session session) {
    TopologyView view = view(session);
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(Locale.ROOT, "version %d, %s%n", view.version(), text(view.routing())));
    for (ShardView shard : view.shards()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-16s %-14s %-14s %s%s%n",
              shard.id(),
              shard.status().text(),
              shard.ownership() == null ? "" : shard.ownership(),
              shard.database() == null ? "" : shard.node() + "/" + shard.database(),
              shard.reason() == null ? "" : "  " + shard.reason()));
    }
    for (TableRule table : view.tables()) {
      text.append(table.name()).append(text(table)).append(System.lineSeparator());
    }
    return text.toString();
  }

  private static String text(Routing routing) {
    return "strategy "
        + routing.strategy().text()
        + (routing.function() == null ? "" : ", function " + routing.function().text());
  }

  private static String text(TableRule table) {
    if (table.reference()) {
      return " (reference)";
    }
    String own =
        table.ownShards().stream()
            .map(shard -> shard.id() + " " + shard.ownership())
            .collect(Collectors.joining(", "));
    return " by "
        + table.shardKey()
        + (table.routing() == null ? "" : ", " + text(table.routing()) + ": " + own);
  }
}
