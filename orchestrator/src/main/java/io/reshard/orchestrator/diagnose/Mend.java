package io.reshard.orchestrator.diagnose;

/** What {@code diagnose --repair} can do by itself. The order is that in which they are done. */
public enum Mend {
  /** The attempt to switch is given up: sources take writes, the job may write to the targets. */
  UNDO_SWITCH,
  /** The switch has happened: what follows it is carried out. */
  FINISH_SWITCH,
  /** The attempt to switch back is given up: the new shards take writes. */
  UNDO_ROLLBACK,
  /** The switch back has happened: what follows it is carried out. */
  FINISH_ROLLBACK,
  /** Slots and publications of an operation that is over are dropped. */
  DROP_CAPTURES,
  /** Slots of ours that no record names are dropped. */
  DROP_SLOTS
}
