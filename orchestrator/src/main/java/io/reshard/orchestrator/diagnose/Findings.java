package io.reshard.orchestrator.diagnose;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.diagnose.Diagnosis.Finding;
import io.reshard.orchestrator.diagnose.Diagnosis.ShardFacts;
import io.reshard.orchestrator.diagnose.Diagnosis.Slot;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.state.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The rules that an operation's parts must keep together; each line of it is one. */
final class Findings {
  private final Plan plan;
  private final Phase phase;
  private final CutoverStatus there;
  private final CutoverStatus back;
  private final List<ShardFacts> shards;
  private final Topology active;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * The rules for one operation.
   *
   * @param there what became of the newest attempt to switch, or null
   * @param back the same of the attempts to switch back
   * @param active the topology in force
   */
  Findings(
      Plan plan,
      Phase phase,
      CutoverStatus there,
      CutoverStatus back,
      List<ShardFacts> shards,
      Topology active) {
    this.plan = plan;
    this.phase = phase;
    this.there = there;
    this.back = back;
    this.shards = shards;
    this.active = active;
  }

  /**
   * What does not fit, while nobody drives the operation.
   *
   * @param captures of the operation and its way back
   * @param recorded the slots of all operations
   */
  List<Finding> find(List<CaptureRecord> captures, Set<String> recorded) {
    attempts();
    shards.forEach(this::status);
    if (phase != Phase.ROLLED_BACK) {
      shards.stream().filter(one -> one.unreachable() == null).forEach(this::barriers);
    }
    epochs();
    captures.forEach(this::capture);
    wayBack(captures);
    shards.forEach(one -> slots(one, recorded));
    shards.stream()
        .filter(one -> one.unreachable() != null && expected(one.id()))
        .forEach(
            one ->
                add(
                    one.id() + " cannot be asked: " + one.unreachable(),
                    "bring it back, and diagnose again",
                    null));
    return List.copyOf(findings);
  }

  private void attempts() {
    if (there == CutoverStatus.OPEN) {
      add(
          "a cutover was interrupted; the old shards may refuse writes",
          "it is given up: the old topology goes on",
          Mend.UNDO_SWITCH);
    }
    if (there == CutoverStatus.SWITCHED && phase.compareTo(Phase.CUTTING_OVER) <= 0) {
      add(
          "the topology has switched, but what follows the switch was interrupted",
          "it is carried out",
          Mend.FINISH_SWITCH);
    }
    if (there == CutoverStatus.CLOSED && phase != Phase.ROLLED_BACK) {
      add(
          "a rollback was interrupted; the old topology is in force",
          "the rollback is carried on",
          Mend.FINISH_ROLLBACK);
    }
    if (back == CutoverStatus.OPEN) {
      add(
          "a rollback was interrupted; the new shards may refuse writes",
          "it is given up: the new topology goes on; 'reshard rollback' tries again",
          Mend.UNDO_ROLLBACK);
    }
    if (back == CutoverStatus.SWITCHED && phase != Phase.ROLLED_BACK) {
      add(
          "the topology has been switched back, but what follows was interrupted",
          "the rollback is carried on",
          Mend.FINISH_ROLLBACK);
    }
  }

  private boolean inForce() {
    return there == CutoverStatus.SWITCHED && back != CutoverStatus.SWITCHED;
  }

  private void barriers(ShardFacts shard) {
    boolean source = plan.sources().contains(shard.id());
    boolean retired = source && !plan.target().owns(shard.id());
    if (!shard.fences().isEmpty() && !inForce() && there != CutoverStatus.OPEN) {
      add(
          shard.id() + " refuses all writes, though no cutover is under way",
          "the fence " + shard.fences() + " is dropped",
          Mend.UNDO_SWITCH);
    }
    if (!shard.fences().isEmpty() && inForce() && !retired) {
      add(
          shard.id() + " refuses all writes, though it is in use under the new topology",
          "the switch's release is carried out again",
          Mend.FINISH_SWITCH);
    }
    if (inForce() && source && !retired && !shard.guarded()) {
      add(
          shard.id() + " takes writes of keys that have moved away",
          "the switch's release is carried out again",
          Mend.FINISH_SWITCH);
    }
    if (inForce() && retired && shard.fences().isEmpty()) {
      add(
          shard.id() + " takes writes, though it owns nothing any more",
          "take the application's rights to it away; look for writes that went there",
          null);
    }
    if (!shard.backFences().isEmpty() && back == CutoverStatus.ABORTED) {
      add(
          shard.id() + " refuses all writes, though no rollback is under way",
          "the fence " + shard.backFences() + " is dropped",
          Mend.UNDO_ROLLBACK);
    }
  }

  /** A job whose right to write was taken for a switch that never came can do nothing. */
  private void epochs() {
    boolean before = there == null || there == CutoverStatus.ABORTED;
    for (ShardFacts shard : shards) {
      boolean revoked =
          shard.epochs().stream()
              .anyMatch(one -> one.operationId().equals(plan.planId()) && one.revoked());
      if (revoked && before && !phase.terminal()) {
        add(
            "the job may not write to " + shard.id() + ", though the topology has not switched",
            "the right is given back",
            Mend.UNDO_SWITCH);
      }
    }
  }

  private void capture(CaptureRecord capture) {
    boolean over = phase == Phase.COMPLETED || phase == Phase.ROLLED_BACK;
    boolean stands =
        shards.stream()
            .filter(one -> one.id().equals(capture.source()))
            .flatMap(one -> one.slots().stream())
            .anyMatch(slot -> slot.name().equals(capture.slot()));
    if (over) {
      add(
          "the change capture " + capture.slot() + " on " + capture.source() + " was left behind",
          "it is dropped",
          Mend.DROP_CAPTURES);
    } else if (!stands && capture.heartbeatNumber() != null && reachable(capture.source())) {
      add(
          "the slot " + capture.slot() + " on " + capture.source() + " is gone: changes are lost",
          "this cannot be mended: 'reshard rollback', then plan again; the sources have every row",
          null);
    }
  }

  /** Who rolls back would find out only then. */
  private void wayBack(List<CaptureRecord> captures) {
    if (!inForce() || back == CutoverStatus.CLOSED || phase == Phase.COMPLETED) {
      return;
    }
    Plan reverse = plan.reversed();
    for (String shard : reverse.sources()) {
      String slot = new ChangeCapture(reverse, shard, null).names().slot();
      if (captures.stream().noneMatch(one -> one.slot().equals(slot))) {
        add(
            "no change capture is recorded on " + shard + ": there is no way back",
            "this cannot be mended: 'reshard complete' ends the operation under the new topology",
            null);
      }
    }
  }

  /** Every slot is recorded before it is made, and forgotten after it is gone. */
  private void slots(ShardFacts shard, Set<String> recorded) {
    for (Slot slot : shard.slots()) {
      if (!recorded.contains(slot.name())) {
        add(
            "no operation knows of the slot %s on %s, which keeps %d bytes of write-ahead log"
                .formatted(slot.name(), shard.id(), slot.retainedBytes()),
            "it is dropped",
            Mend.DROP_SLOTS);
      }
    }
  }

  /** Status and topology change in one transaction. */
  private void status(ShardFacts shard) {
    ShardStatus expected = active.findShard(shard.id()).map(Shard::status).orElse(null);
    boolean fits =
        expected == null ? shard.status() != ShardStatus.ACTIVE : shard.status() == expected;
    if (!fits) {
      add(
          "%s is recorded as %s, but by version %d of the topology it is %s"
              .formatted(
                  shard.id(),
                  shard.status().text(),
                  active.version(),
                  expected == null ? "not in use" : expected.text()),
          "the topology is what applications route by: set the row in reshard.shard_status right,"
              + " and find out who changed it",
          null);
    }
  }

  private boolean reachable(String shard) {
    return shards.stream().anyMatch(one -> one.id().equals(shard) && one.unreachable() == null);
  }

  /** New shards come after PLANNING, and are gone after a rollback. */
  private boolean expected(String shard) {
    return !plan.isNew(shard) || (phase != Phase.PLANNING && phase != Phase.ROLLED_BACK);
  }

  private void add(String what, String remedy, Mend mend) {
    findings.add(new Finding(what, remedy, mend));
  }
}
