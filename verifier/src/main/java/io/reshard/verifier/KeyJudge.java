package io.reshard.verifier;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about suspects: looks at both sides again, until they agree or differ for certain. What
 * is still open after a bounded number of looks is undecided, never passed. For one thread.
 */
final class KeyJudge {
  private static final Logger LOG = LoggerFactory.getLogger(KeyJudge.class);
  private static final int KEYS_PER_QUERY = 500;

  /** One attempt needs one wait for the migration job. */
  private static final int ATTEMPTS = 4;

  /** So many hot rows are held still, each for one wait. */
  private static final int MAX_HELD = 200;

  /** The row's writers wait as long, and no frontier that is worth waiting for is slower. */
  private static final Duration LONGEST_HOLD = Duration.ofSeconds(2);

  /** Within an attempt; a row that changes all the time is caught by looking often. */
  private static final int LOOKS = 20;

  private static final long PAUSE_MILLIS = 5;

  private final ReplicationBarrier barrier;
  private final StopSignal stop;

  KeyJudge(ReplicationBarrier barrier, StopSignal stop) {
    this.barrier = barrier;
    this.stop = stop;
  }

  /**
   * Adds each suspect that does not agree to its tally, in the order of the list. {@code
   * verification_stopped} if somebody wants that before all are decided; then no tally is complete.
   */
  void decide(List<Suspect> suspects) {
    Set<Map.Entry<StepTally, List<String>>> reported = new HashSet<>();
    // Most differences are changes that have arrived meanwhile: a look costs less than a wait.
    List<Suspect> open = attempt(suspects, () -> false, 1, reported);
    for (int attempt = 1; attempt <= ATTEMPTS && !open.isEmpty() && !barrier.stalled(); attempt++) {
      open = attempt(open, barrier::pass, LOOKS, reported);
    }
    if (!barrier.stalled()) {
      open = heldStill(open, reported);
    }
    if (!open.isEmpty()) {
      LOG.warn("{} keys could not be compared", open.size());
    }
    open.forEach(suspect -> suspect.tally().undecided(suspect.key()));
  }

  /**
   * Rows that change faster than the targets follow never agree by chance: each is held still on
   * its source for as long as the frontier takes to pass, one after the other. A job that is late
   * has its reasons, and would have the application wait for each row: no further one is held.
   */
  private List<Suspect> heldStill(
      List<Suspect> suspects, Set<Map.Entry<StepTally, List<String>>> reported) {
    List<Suspect> open = new ArrayList<>(suspects);
    for (Suspect suspect : suspects.subList(0, Math.min(MAX_HELD, suspects.size()))) {
      stop.check();
      try (RowHold hold = suspect.tally().reader().hold(suspect.key())) {
        if (hold != null
            && attempt(List.of(suspect), () -> barrier.pass(LONGEST_HOLD), LOOKS, reported)
                .isEmpty()) {
          open.remove(suspect);
        }
      }
      if (barrier.late()) {
        break;
      }
    }
    return open;
  }

  /**
   * One attempt; returns those that are still open.
   *
   * @param wait takes its time and tells whether the targets have caught up
   */
  private List<Suspect> attempt(
      List<Suspect> suspects,
      BooleanSupplier wait,
      int looks,
      Set<Map.Entry<StepTally, List<String>>> reported) {
    for (List<Suspect> group : groups(suspects)) {
      List<RowVersion> target = versions(Side.TARGET, group);
      List<RowVersion> source = versions(Side.SOURCE, group);
      for (int at = 0; at < group.size(); at++) {
        group.get(at).before(target.get(at), source.get(at));
      }
    }
    boolean caughtUp = wait.getAsBoolean();
    List<Suspect> open = suspects;
    for (int look = 1; look <= looks && !open.isEmpty(); look++) {
      stop.check();
      if (look > 1) {
        pause();
      }
      List<Suspect> still = new ArrayList<>();
      for (List<Suspect> group : groups(open)) {
        still.addAll(look(group, caughtUp, reported));
      }
      open = still;
    }
    return open;
  }

  private static List<Suspect> look(
      List<Suspect> group, boolean caughtUp, Set<Map.Entry<StepTally, List<String>>> reported) {
    List<RowVersion> target = versions(Side.TARGET, group);
    List<RowVersion> source = versions(Side.SOURCE, group);
    List<Suspect> open = new ArrayList<>();
    for (int at = 0; at < group.size(); at++) {
      Suspect suspect = group.get(at);
      RowVersion onTarget = target.get(at);
      RowVersion onSource = source.get(at);
      switch (suspect.judge(onTarget, onSource, caughtUp)) {
        case AGREES -> {
          // Nothing is wrong with it.
        }
        case UNKNOWN -> open.add(suspect);
        case DIFFERS -> {
          // A numeric key of 1.0 here and 1.00 there is two suspects and one difference.
          List<String> key = Suspect.spelling(onTarget, onSource);
          if (reported.add(Map.entry(suspect.tally(), key))) {
            suspect.tally().differs(key, Suspect.kind(onTarget, onSource));
          }
        }
      }
    }
    return open;
  }

  /** Suspects of the same table and step, as many as one query takes. */
  private static List<List<Suspect>> groups(List<Suspect> suspects) {
    Map<StepReader, List<Suspect>> byReader = new LinkedHashMap<>();
    suspects.forEach(
        suspect ->
            byReader
                .computeIfAbsent(suspect.tally().reader(), unused -> new ArrayList<>())
                .add(suspect));
    List<List<Suspect>> groups = new ArrayList<>();
    for (List<Suspect> all : byReader.values()) {
      for (int from = 0; from < all.size(); from += KEYS_PER_QUERY) {
        groups.add(all.subList(from, Math.min(all.size(), from + KEYS_PER_QUERY)));
      }
    }
    return groups;
  }

  private static List<RowVersion> versions(Side side, List<Suspect> group) {
    return group.get(0).tally().reader().versions(side, group.stream().map(Suspect::key).toList());
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(ErrorCode.VERIFICATION_FAILED, "interrupted", e);
    }
  }
}
