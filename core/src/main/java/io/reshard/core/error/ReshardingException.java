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
}
