package io.reshard.core.checksum;

/** What a verification compares per split and step. */
public enum VerificationMode {
  /** The number of rows: finds rows that are missing or extra, not rows that differ. */
  COUNT(true, false),
  /** The checksum of the rows. */
  CHECKSUM(false, true),
  /** Both. */
  COUNT_AND_CHECKSUM(true, true);

  private final boolean counts;
  private final boolean checksums;

  VerificationMode(boolean counts, boolean checksums) {
    this.counts = counts;
    this.checksums = checksums;
  }

  public boolean counts() {
    return counts;
  }

  public boolean checksums() {
    return checksums;
  }

  /** Whether this one finds all that {@code required} finds: a checksum sees missing rows too. */
  public boolean covers(VerificationMode required) {
    return checksums || !required.checksums;
  }
}
