package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.diagnose.Diagnosis;
import io.reshard.orchestrator.diagnose.Diagnosis.Finding;
import io.reshard.orchestrator.diagnose.Diagnosis.ShardFacts;
import io.reshard.orchestrator.diagnose.Diagnostician;
import io.reshard.orchestrator.state.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard diagnose}. */
@Command(
    name = "diagnose",
    description = {
      "Says what is where of an operation (topology, fences, slots, job, shards, epochs) and what"
          + " does not fit together.",
      "Exit code 1 if something is left that does not."
    })
final class DiagnoseCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--repair",
      description = {
        "Mends what can be mended: gives up an interrupted switch or rollback, or carries on one",
        "that has switched; drops slots of operations that are over or that nobody knows of.",
        "Refused while another process drives the operation."
      })
  boolean repair;

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      Operation operation = session.operation(id);
      Diagnostician diagnostician =
          new Diagnostician(
              session.context(
                  session.operations().plan(operation.id()),
                  session.runningCluster(),
                  Optional.empty()),
              new FencedCutover());
      Diagnosis diagnosis = diagnostician.diagnose();
      if (repair) {
        diagnosis.findings().stream()
            .filter(one -> one.mend() != null)
            .forEach(one -> common.say("mending: " + one.what()));
        diagnosis = diagnostician.repair(diagnosis);
      }
      common.print(diagnosis, text(diagnosis));
      return diagnosis.consistent() ? ExitCode.OK : ExitCode.FAILED;
    }
  }

  private static String text(Diagnosis diagnosis) {
    List<String> lines = new ArrayList<>();
    lines.add(
        diagnosis.id()
            + " "
            + diagnosis.phase()
            + (diagnosis.error() == null
                ? ""
                : "  " + diagnosis.error().code() + ": " + diagnosis.error().message()));
    lines.add(
        String.format(
            Locale.ROOT,
            "  topology   version %d is active; this leads from %d to %d",
            diagnosis.topologyVersion(),
            diagnosis.sourceVersion(),
            diagnosis.targetVersion()));
    lines.add("  switch     " + orNone(diagnosis.switchAttempt()));
    lines.add("  way back   " + orNone(diagnosis.rollbackAttempt()));
    lines.add("  driven by  " + (diagnosis.driver() == null ? "nobody" : diagnosis.driver()));
    lines.add(
        "  job        "
            + orNone(diagnosis.jobId())
            + (diagnosis.jobStatus() == null ? "" : "  " + diagnosis.jobStatus()));
    diagnosis.shards().forEach(shard -> lines.add(text(shard)));
    if (diagnosis.driver() != null) {
      lines.add("It is being driven, so what is half done is not judged.");
    } else if (diagnosis.consistent()) {
      lines.add("All of it fits together.");
    }
    for (Finding finding : diagnosis.findings()) {
      lines.add("! " + finding.what());
      lines.add("    " + (finding.mend() == null ? "" : "--repair: ") + finding.remedy());
    }
    return String.join("\n", lines);
  }

  private static String orNone(Object value) {
    return value == null ? "none" : value.toString();
  }

  private static String text(ShardFacts shard) {
    if (shard.unreachable() != null) {
      return "  " + shard.id() + "  " + shard.status().text() + "  " + shard.unreachable();
    }
    List<String> facts = new ArrayList<>();
    facts.add(shard.status().text());
    Stream.concat(shard.fences().stream(), shard.backFences().stream())
        .forEach(fence -> facts.add("fence " + fence));
    if (shard.guarded()) {
      facts.add("guard");
    }
    shard
        .slots()
        .forEach(
            slot ->
                facts.add(
                    "slot "
                        + slot.name()
                        + (slot.active() ? " (read" : " (not read")
                        + ", keeps "
                        + Numbers.bytes(slot.retainedBytes())
                        + ")"));
    shard
        .epochs()
        .forEach(
            epoch ->
                facts.add(
                    "epoch "
                        + epoch.generation()
                        + "."
                        + epoch.attempt()
                        + " of "
                        + epoch.operationId()
                        + (epoch.revoked() ? " (revoked)" : "")));
    return "  " + shard.id() + "  " + String.join(", ", facts);
  }
}
