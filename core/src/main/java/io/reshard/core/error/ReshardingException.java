package io.reshard.core.error;

import java.util.Objects;

/** The one exception of the product: a code for machines and a sentence for the operator. */
public final class ReshardingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode errorCode;

  public ReshardingException(ErrorCode errorCode, String message) {
    this(errorCode, message, null);
  }

  public ReshardingException(ErrorCode errorCode, String message, Throwable cause) {
    super(message, cause);
    this.errorCode = Objects.requireNonNull(errorCode, "errorCode");
  }

  public ErrorCode errorCode() {
    return errorCode;
  }

  /** Names the code too, so that it survives where only a stack trace's text is passed on. */
  @Override
  @SuppressWarnings("OverrideThrowableToString") // The message alone is what operators read.
  public String toString() {
    return getClass().getName() + ": " + errorCode.code() + ": " + getMessage();
  }
}
