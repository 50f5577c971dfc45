package io.reshard.verifier;

import io.reshard.core.control.Mismatch;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A key at which the sides were seen to differ, perhaps only because a change was on its way. For
 * one thread.
 */
final class Suspect {
  private final StepTally tally;
  private final List<String> key;
  private final Set<Long> hashesOnSource = new HashSet<>();
  private boolean absentOnSource;
  private RowVersion sourceBefore;
  private RowVersion targetBefore;

  Suspect(StepTally tally, List<String> key) {
    this.tally = tally;
    this.key = key;
  }

  StepTally tally() {
    return tally;
  }

  List<String> key() {
    return key;
  }

  /** The outcome of one look. */
  enum Verdict {
    AGREES,
    DIFFERS,
    UNKNOWN
  }

  /** Notes both sides before an attempt; the target has been read first. Null is no row. */
  void before(RowVersion target, RowVersion source) {
    targetBefore = target;
    sourceBefore = source;
    hashesOnSource.clear();
    absentOnSource = false;
    seenOnSource(source);
  }

  private void seenOnSource(RowVersion source) {
    if (source == null) {
      absentOnSource = true;
    } else {
      hashesOnSource.add(source.hash());
    }
  }

  /**
   * Judges both sides as they are now; the target has been read first. The target agrees if it has
   * what the source had at any moment since {@link #before}: then it is as fresh as that.
   *
   * <p>It differs for certain only if {@code caughtUp}: every change that the source had committed
   * at {@link #before} has been applied in between. And the source must not have changed since:
   *
   * <ul>
   *   <li>A row with the same writer is the same row: there was nothing else for the target to be.
   *   <li>No row then and none now may hide a row that came, was copied and went. But applying a
   *       change gives the target's row another writer; so with the same writer on the target
   *       before and after, none was applied, and the row that it holds has no origin.
   * </ul>
   */
  Verdict judge(RowVersion target, RowVersion source, boolean caughtUp) {
    seenOnSource(source);
    if (target == null ? absentOnSource : hashesOnSource.contains(target.hash())) {
      return Verdict.AGREES;
    }
    boolean settled =
        (source == null && sourceBefore == null)
            ? sameWriter(targetBefore, target)
            : sameWriter(sourceBefore, source);
    return caughtUp && settled ? Verdict.DIFFERS : Verdict.UNKNOWN;
  }

  private static boolean sameWriter(RowVersion before, RowVersion after) {
    return before != null && after != null && before.writer().equals(after.writer());
  }

  /** The key as the database spells it, which may be another spelling than the one asked for. */
  static List<String> spelling(RowVersion target, RowVersion source) {
    return source == null ? target.key() : source.key();
  }

  static Mismatch.Kind kind(RowVersion target, RowVersion source) {
    if (target == null) {
      return Mismatch.Kind.MISSING;
    }
    return source == null ? Mismatch.Kind.EXTRA : Mismatch.Kind.DIFFERENT;
  }
}
