package io.reshard.verifier;

/** The two sides of a comparison. */
enum Side {
  SOURCE,
  TARGET
}
