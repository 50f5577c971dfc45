package io.reshard.testkit;

import java.util.Objects;

/**
 * What is known of a row: its version and the md5 of its text, or that it does not exist.
 *
 * @param version of a deleted row, the version that it had, so that it goes on from there when the
 *     key is used again
 * @param digest null if the row is known only to be as it was loaded
 */
record RowState(boolean exists, long version, String digest) {
  static final RowState NEVER_EXISTED = new RowState(false, 0, null);

  static RowState loaded(SampleTable table) {
    return new RowState(true, table.loadedVersion(), null);
  }

  static RowState deleted(long version) {
    return new RowState(false, version, null);
  }

  /**
   * Whether what a server shows can be this state. {@code shown} has a digest if the row exists.
   */
  boolean admits(RowState shown) {
    if (!exists || !shown.exists) {
      return exists == shown.exists;
    }
    return version == shown.version && (digest == null || Objects.equals(digest, shown.digest));
  }

  @Override
  public String toString() {
    return exists ? "version " + version : "no row";
  }
}
