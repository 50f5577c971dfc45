package io.reshard.orchestrator.state;

import java.util.Locale;

/**
 * Where an operation is. Changes only through {@link OperationStore}, by compare-and-set.
 *
 * <pre>
 *  PLANNING ─▶ COPYING ─▶ REPLICATING ─▶ VERIFYING ─▶ CUTTING_OVER ══▶ CLEANING_UP ─▶ COMPLETED
 *      │          │            │             │             │        the switch
 *      └──────────┴────────────┴──────┬──────┴─────────────┘
 *                                     ├──▶ FAILED ──▶ (resume: the phase after the last completed one)
 *                                     │       │
 *                                     └───────┴──▶ ROLLED_BACK ◀── CLEANING_UP, before it deletes
 * </pre>
 *
 * After the switch an operation cannot fail any more: a clean-up that fails is COMPLETED with an
 * error.
 */
public enum Phase {
  PLANNING(false),
  COPYING(false),
  REPLICATING(false),
  VERIFYING(false),
  CUTTING_OVER(false),
  CLEANING_UP(false),
  COMPLETED(true),
  ROLLED_BACK(true),
  FAILED(true);

  private final boolean terminal;

  Phase(boolean terminal) {
    this.terminal = terminal;
  }

  /** Whether nothing drives an operation in this phase. */
  public boolean terminal() {
    return terminal;
  }

  /** The phase that follows this one when it is completed; of a terminal one, itself. */
  public Phase next() {
    return switch (this) {
      case PLANNING -> COPYING;
      case COPYING -> REPLICATING;
      case REPLICATING -> VERIFYING;
      case VERIFYING -> CUTTING_OVER;
      case CUTTING_OVER -> CLEANING_UP;
      case CLEANING_UP -> COMPLETED;
      case COMPLETED, ROLLED_BACK, FAILED -> this;
    };
  }

  /** The phase that follows {@code completed}, where null stands for none. */
  static Phase after(Phase completed) {
    return completed == null ? PLANNING : completed.next();
  }

  /** Whether the diagram has an arrow from this phase to {@code next}. */
  public boolean mayBecome(Phase next) {
    return switch (this) {
      case COMPLETED, ROLLED_BACK -> false;
      case FAILED -> next == ROLLED_BACK || next.compareTo(CUTTING_OVER) <= 0;
      case CLEANING_UP -> next == COMPLETED || next == ROLLED_BACK;
      default -> next == next() || next == FAILED || next == ROLLED_BACK;
    };
  }

  /** The phase called {@code text}, in any case; {@link IllegalArgumentException} if none is. */
  public static Phase of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
