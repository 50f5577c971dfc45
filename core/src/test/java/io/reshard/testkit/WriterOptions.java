package io.reshard.testkit;

import java.time.Duration;

/**
 * How the live writers behave. Immutable: each {@code with} method returns a copy.
 *
 * @param writers number of threads
 * @param writesPerSecond transactions per second of all writers together; 0 means as many as
 *     possible
 * @param changeShardKeys whether rows also move to another customer of the same shard
 * @param audit whether rows are also written whose id comes from a sequence of the shard
 * @param maxNoteCharacters length of the longest note; some 2 000 and more are stored out of line
 * @param maxKeys when so many keys have been written, no new ones are made; bounds the memory of
 *     the history
 * @param seed of the random choices
 * @param retryTimeout for how long one write is tried before the writer gives up with a failure
 */
public record WriterOptions(
    int writers,
    double writesPerSecond,
    boolean changeShardKeys,
    boolean audit,
    int maxNoteCharacters,
    long maxKeys,
    long seed,
    Duration retryTimeout) {
  private static final int MAX_WRITERS = 256;

  public WriterOptions {
    if (writers < 1 || writers > MAX_WRITERS) {
      throw new IllegalArgumentException(
          "writers is " + writers + " and must be from 1 to " + MAX_WRITERS);
    }
  }

  public static WriterOptions defaults() {
    return new WriterOptions(4, 0, false, true, 24_000, 2_000_000, 1, Duration.ofMinutes(2));
  }

  public WriterOptions withWriters(int value) {
    return new WriterOptions(
        value,
        writesPerSecond,
        changeShardKeys,
        audit,
        maxNoteCharacters,
        maxKeys,
        seed,
        retryTimeout);
  }

  public WriterOptions withWritesPerSecond(double value) {
    return new WriterOptions(
        writers, value, changeShardKeys, audit, maxNoteCharacters, maxKeys, seed, retryTimeout);
  }

  public WriterOptions withChangeShardKeys(boolean value) {
    return new WriterOptions(
        writers, writesPerSecond, value, audit, maxNoteCharacters, maxKeys, seed, retryTimeout);
  }

  public WriterOptions withAudit(boolean value) {
    return new WriterOptions(
        writers,
        writesPerSecond,
        changeShardKeys,
        value,
        maxNoteCharacters,
        maxKeys,
        seed,
        retryTimeout);
  }

  public WriterOptions withMaxNoteCharacters(int value) {
    return new WriterOptions(
        writers, writesPerSecond, changeShardKeys, audit, value, maxKeys, seed, retryTimeout);
  }

  public WriterOptions withMaxKeys(long value) {
    return new WriterOptions(
        writers,
        writesPerSecond,
        changeShardKeys,
        audit,
        maxNoteCharacters,
        value,
        seed,
        retryTimeout);
  }

  public WriterOptions withSeed(long value) {
    return new WriterOptions(
        writers,
        writesPerSecond,
        changeShardKeys,
        audit,
        maxNoteCharacters,
        maxKeys,
        value,
        retryTimeout);
  }

  public WriterOptions withRetryTimeout(Duration value) {
    return new WriterOptions(
        writers, writesPerSecond, changeShardKeys, audit, maxNoteCharacters, maxKeys, seed, value);
  }
}
