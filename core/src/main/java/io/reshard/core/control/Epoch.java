package io.reshard.core.control;

import java.io.Serializable;

/**
 * Numbers one attempt of a migration job: the generation counts submissions, the attempt counts
 * restarts within one. Ordered; the larger one may write.
 */
public record Epoch(int generation, int attempt) implements Serializable, Comparable<Epoch> {
  @Override
  public int compareTo(Epoch other) {
    int byGeneration = Integer.compare(generation, other.generation);
    return byGeneration != 0 ? byGeneration : Integer.compare(attempt, other.attempt);
  }

  @Override
  public String toString() {
    return generation + "." + attempt;
  }
}
