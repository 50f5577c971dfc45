package io.reshard.testkit;

/**
 * A failure of the kit itself or of the servers it runs, as opposed to a difference that it was
 * asked to find.
 */
public final class TestKitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TestKitException(String message) {
    super(message);
  }

  public TestKitException(String message, Throwable cause) {
    super(message, cause);
  }
}
