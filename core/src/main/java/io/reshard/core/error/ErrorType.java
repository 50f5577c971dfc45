package io.reshard.core.error;

/** Who can mend an error. */
public enum ErrorType {
  /** The caller: a wrong argument, file or state. */
  USER,
  /** The operator of a database or cluster: it is unreachable or refuses. */
  EXTERNAL,
  /** Whoever provides disk, memory or connections. */
  RESOURCES,
  /** The authors of this product. */
  INTERNAL
}
