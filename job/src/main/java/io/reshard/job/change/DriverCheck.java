package io.reshard.job.change;

import org.postgresql.Driver;

/** Refuses PostgreSQL drivers that lose changes. */
final class DriverCheck {

  /**
   * The last line of pgjdbc that confirms to the server only what it is told to.
   *
   * <p>Since 42.7.0 the driver confirms the position of a keep-alive message by itself when the
   * last message it received has a smaller log sequence number than what was confirmed before. It
   * takes the numbers for ordered, and they are not:
   *
   * <ol>
   *   <li>a long transaction L writes its rows; then a checkpoint confirms a position after them;
   *   <li>transaction T commits and is delivered, but no checkpoint covers it yet;
   *   <li>L commits, and while its rows arrive, a keep-alive arrives that names L's commit;
   *   <li>the driver compares the rows' numbers with the confirmed position and confirms L's
   *       commit, and T's with it. A failure now loses T.
   * </ol>
   *
   * <p>42.7.6 and later can be told not to, but the connector does not tell them.
   */
  private static final int LAST_MINOR = 6;

  private static final int MAJOR = 42;

  private DriverCheck() {}

  /**
   * Checks the driver on the class path.
   *
   * @throws IllegalStateException if it confirms by itself
   */
  static void requireManualConfirmation() {
    Driver driver = new Driver();
    requireManualConfirmation(driver.getMajorVersion(), driver.getMinorVersion());
  }

  static void requireManualConfirmation(int major, int minor) {
    if (major != MAJOR || minor > LAST_MINOR) {
      throw new IllegalStateException(
          ("The PostgreSQL driver on the class path is pgjdbc %d.%d, which confirms changes that no"
                  + " checkpoint covers, and so loses them; put %d.%d.x there")
              .formatted(major, minor, MAJOR, LAST_MINOR));
    }
  }
}
