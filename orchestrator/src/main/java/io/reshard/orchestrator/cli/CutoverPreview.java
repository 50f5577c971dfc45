package io.reshard.orchestrator.cli;

import io.reshard.core.control.JobProgress;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.phase.OperationContext;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** What a cutover would do, in the order in which it would. Reads and changes nothing. */
final class CutoverPreview {
  private CutoverPreview() {}

  static String of(OperationContext context) {
    Plan plan = context.plan();
    OptionalLong frontier = new JobProgress(context.control(), plan.planId()).frontier();
    String lag =
        frontier.isEmpty()
            ? "unknown"
            : Numbers.millis(Math.max(0, System.currentTimeMillis() - frontier.getAsLong()));
    return String.join(
        "\n",
        List.of(
            "A cutover would",
            "  refuse writes of moved tables on " + String.join(", ", plan.sources()),
            "  wait until all that was written by then is on "
                + String.join(", ", plan.targets())
                + "; the lag is "
                + lag,
            "  switch the topology from version "
                + plan.source().version()
                + " to "
                + plan.target().version()
                + statuses(plan),
            "  let "
                + String.join(", ", plan.target().owners().stream().map(Shard::id).toList())
                + " take writes."));
  }

  private static String statuses(Plan plan) {
    List<String> changes = new ArrayList<>();
    for (Shard shard : plan.target().shards()) {
      if (plan.source().findShard(shard.id()).map(Shard::status).orElse(null) != shard.status()) {
        changes.add(shard.id() + " " + shard.status().text());
      }
    }
    for (Shard shard : plan.source().shards()) {
      if (plan.target().findShard(shard.id()).isEmpty()) {
        changes.add(shard.id() + " " + ShardStatus.TO_BE_DELETED.text());
      }
    }
    return changes.isEmpty() ? "" : ": " + String.join(", ", changes);
  }
}
