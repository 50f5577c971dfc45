package io.reshard.orchestrator.cutover;

import static java.util.stream.Collectors.toSet;

import io.reshard.core.control.JobPosition;
import io.reshard.core.control.JobProgress;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.DisabledTriggers;
import io.reshard.core.shard.Heartbeat;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.core.topology.Shard;
import io.reshard.orchestrator.state.Milestone;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of one cutover attempt that touch the shards. */
final class CutoverSteps {
  /** Heartbeats move the frontier five times a second. */
  private static final Duration STALL = Duration.ofSeconds(5);

  private static final Duration SWEEP = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(CutoverSteps.class);

  private final Plan plan;
  private final int attempt;
  private final ShardSessions sessions;
  private final WriteFence fence;
  private Map<String, BigInteger> elsewhere = Map.of();

  CutoverSteps(Plan plan, int attempt, ShardSessions sessions, WriteFence fence) {
    this.plan = plan;
    this.attempt = attempt;
    this.sessions = sessions;
    this.fence = fence;
  }

  /**
   * Ends what an attempt that is being settled has left at work on the shards, in this process or
   * in another one: a fence that goes up behind its undoing would stand for good.
   */
  void takeOver(Deadline deadline) {
    sessions.each(shards(), "take over", deadline, sessions::endOthers);
  }

  private List<String> shards() {
    return Stream.concat(plan.sources().stream(), plan.targets().stream()).distinct().toList();
  }

  void prepareFence(Deadline deadline) {
    sessions.each(plan.sources(), "prepare", deadline, WriteFence::prepare);
  }

  /**
   * Does what the fence's transactions do besides the locks: a table that has been altered refuses
   * the cutover before a writer waits, and the code has run once.
   */
  void rehearseFence(Deadline deadline) {
    sessions.each(plan.sources(), "rehearse", deadline, fence::rehearse);
    reachedBy(plan.sources(), "rehearse", deadline);
  }

  /**
   * Reads the sequences of the shards that keep all their keys, which nobody fences: new shards are
   * not to count where those do. A cutover does not depend on a shard that has no part in it; a way
   * back asks those that have one only.
   */
  void readOtherSequences() {
    elsewhere = Map.of();
    for (String shard : plan.source().owners().stream().map(Shard::id).toList()) {
      boolean takesPart = plan.targets().contains(shard);
      if (plan.sources().contains(shard) || (plan.isReverse() && !takesPart)) {
        continue;
      }
      try (Connection connection = sessions.connect(shard)) {
        elsewhere = Sequences.merge(List.of(elsewhere, Sequences.furthest(connection)));
      } catch (SQLException e) {
        LOG.warn(
            "the sequences of {} cannot be read, so new shards may give ids that it gives: {}",
            shard,
            e.getMessage());
      }
    }
  }

  /** Raises the fence on all sources and returns the heartbeat that each committed with it. */
  Collection<Long> raiseFence(Deadline deadline) {
    return sessions
        .each(
            plan.sources(),
            "fence",
            deadline,
            (source, connection) -> {
              long value = fence.raise(source, connection);
              Milestone.FENCING.pass();
              return value;
            })
        .values();
  }

  /**
   * Makes one number stand for all fences, and returns it. Watermarks are the minimum over the
   * sources, so it is the largest of the fences' values, and every source beats at or beyond it;
   * values grow on each source, so a frontier that has reached it has passed every fence.
   */
  long markEnd(Collection<Long> fenced, Deadline deadline) {
    long end = Collections.max(fenced);
    sessions.each(
        plan.sources(),
        "drain",
        deadline,
        (source, connection) -> Heartbeat.beatAtLeast(connection, plan.planId(), end));
    return end;
  }

  /** Waits for the drain, and advances the sequences meanwhile: nobody draws from them any more. */
  void drain(long end, JobProgress progress, Deadline deadline) {
    sessions.beside(
        "sequences",
        deadline,
        () -> advanceSequences(deadline),
        () -> awaitFrontier(end, progress, deadline));
  }

  /**
   * Waits until everything that was committed before the fences is on its target. A job that has
   * just died would hold the window open until the timeout, so a frontier that stands still ends it
   * sooner.
   */
  private void awaitFrontier(long end, JobProgress progress, Deadline deadline) {
    try {
      if (!progress.awaitFrontier(end, deadline.left("drain"), STALL)) {
        deadline.left("drain");
        throw new ReshardingException(
            ErrorCode.CUTOVER_FAILED,
            "the step 'drain' was given up, as replication stood still for "
                + STALL.toSeconds()
                + " s; look at the migration job, then try again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(ErrorCode.CUTOVER_ABORTED, "the drain was interrupted", e);
    }
  }

  /**
   * The frontier has passed the fence, so whatever the writers found until then has been reported:
   * what was verified before holds for every row at this moment. On the way back nothing was, that
   * a restart of the job could end; a job that was submitted for this very switch may be starting.
   */
  void requireVerified(JobPosition verified, JobProgress progress) {
    JobPosition now = progress.position();
    if (!plan.isReverse() && !now.epoch().equals(verified.epoch())) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_STALE,
          "while the cutover was under way the migration job was started again, and what was"
              + " verified no longer holds; verify once more, then try again");
    }
    if (!now.readsBackSince(verified)) {
      throw new ReshardingException(
          plan.isReverse() ? ErrorCode.CUTOVER_FAILED : ErrorCode.VERIFICATION_STALE,
          "while the cutover was under way rows were written that do not read back as they were"
              + " read; "
              + (plan.isReverse() ? "try again" : "verify once more, then try again"));
    }
  }

  /** A forward job that restarted after the switch would write old rows over new ones. */
  void revokeForwardJob(Deadline deadline) {
    sessions.each(
        plan.targets(),
        "revoke",
        deadline,
        (target, connection) -> {
          int revoked = TargetEpoch.revoke(connection, plan.planId(), attempt);
          Milestone.REVOKING.pass();
          return revoked;
        });
  }

  private void advanceSequences(Deadline deadline) {
    Map<String, Map<String, BigInteger>> reached = reachedBy(plan.sources(), "sequences", deadline);
    Map<String, BigInteger> all =
        Sequences.merge(List.of(elsewhere, Sequences.merge(reached.values())));
    List<String> apart = plan.targets().stream().filter(this::countsApart).toList();
    sessions.each(
        plan.targets(),
        "sequences",
        deadline,
        (target, connection) ->
            Sequences.advance(
                connection,
                new Sequences.Goal(
                    Sequences.merge(sourcesOf(target).map(reached::get).toList()),
                    all,
                    role(target),
                    apart.indexOf(target) + 1,
                    apart.size())));
    Milestone.SEQUENCES_ADVANCED.pass();
  }

  /** Whether somebody may count where the target's sources do. */
  private boolean countsApart(String target) {
    return role(target) != Sequences.Role.COUNTING
        || sourcesOf(target).anyMatch(plan.target()::owns);
  }

  private Sequences.Role role(String target) {
    if (plan.isNew(target)) {
      return Sequences.Role.NEW;
    }
    return plan.source().owns(target) ? Sequences.Role.COUNTING : Sequences.Role.RETURNING;
  }

  private Stream<String> sourcesOf(String target) {
    return plan.sources().stream().filter(source -> plan.targetsOf(source).contains(target));
  }

  private Map<String, Map<String, BigInteger>> reachedBy(
      List<String> shards, String step, Deadline deadline) {
    return sessions.each(
        shards, step, deadline, (shard, connection) -> Sequences.furthest(connection));
  }

  /**
   * Retired sources stay fenced; kept ones refuse the keys that moved away. Targets lose what an
   * earlier switch has left there: that one's fence would refuse the keys that have come back.
   */
  void release(Deadline deadline) {
    Set<String> owners = plan.target().owners().stream().map(Shard::id).collect(toSet());
    List<String> kept = plan.sources().stream().filter(owners::contains).toList();
    List<String> shards = Stream.concat(kept.stream(), plan.targets().stream()).distinct().toList();
    sessions.each(
        shards,
        "release",
        deadline,
        (shard, connection) -> {
          // A switch that this one takes back may have been frozen right before its own release.
          sessions.endOthers(shard, connection);
          int released =
              kept.contains(shard)
                  ? fence.replaceByGuard(shard, connection)
                  : EarlierBarriers.disable(plan, connection, deadline);
          Milestone.RELEASING.pass();
          return released;
        });
  }

  /** Lets sources take writes and the forward job go on, as if there had been no attempt. */
  void restore(Deadline deadline) {
    sessions.each(
        plan.targets(),
        "restore",
        deadline,
        (target, connection) -> TargetEpoch.reinstate(connection, plan.planId(), attempt));
    sessions.each(plan.sources(), "restore", deadline, fence::drop);
  }

  /** Drops what has been disabled, when nobody waits for us any more. */
  void sweep(Deadline deadline) {
    sessions.each(
        shards(),
        "sweep",
        deadline,
        (shard, connection) -> {
          for (PlannedTable table : plan.tables()) {
            DisabledTriggers.drop(connection, table, SWEEP);
          }
          return shard;
        });
  }

  void establishForeignKeys(Deadline deadline) {
    sessions.each(
        plan.newShards(),
        "foreign keys",
        deadline,
        (target, connection) -> new ForeignKeys(plan, connection).establish());
  }
}
